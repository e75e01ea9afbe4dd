// Whether someone reads a list that moves: each way of saying "I am reading" holds it still.
import { view } from './view.svelte.ts'

export type Reading = ReturnType<typeof watchReading>

export function watchReading() {
  let held = $state(false)
  let hovered = $state(false)
  let selecting = $state(false)
  let scrolled = $state(false)
  let focused = $state(false)
  let scroller: HTMLElement | null = null

  function release() {
    held = hovered = selecting = scrolled = focused = false
    if (scroller === null) return
    scroller.scrollTop = 0
    if (scroller.contains(document.activeElement)) (document.activeElement as HTMLElement).blur()
    const selection = getSelection()
    if (selection?.anchorNode && scroller.contains(selection.anchorNode)) selection.removeAllRanges()
  }

  const isPaused = () => held || hovered || selecting || scrolled || focused

  return {
    get paused() {
      return isPaused()
    },
    /** Holds the list, or lets it go on from the top whatever held it. */
    toggle() {
      if (isPaused()) release()
      else held = true
    },
    /** An attachment for what scrolls the list: from then on, what is done to it counts. */
    attach(element: HTMLElement) {
      scroller = element
      const on: Record<string, (event: Event) => void> = {
        scroll: () => (scrolled = element.scrollTop > 4),
        // Not when it is the page that moves, under a pointer that rests.
        pointermove: (event) => (hovered = (event as PointerEvent).pointerType === 'mouse'),
        pointerleave: () => (hovered = false),
        focusin: () => (focused = true),
        // Rows stand still while the details of one are read.
        focusout: ({ relatedTarget }: Event & { relatedTarget?: EventTarget | null }) =>
          (focused = view.row !== null || element.contains(relatedTarget as Node | null)),
      }
      const onselectionchange = () => {
        const selection = getSelection()
        selecting = selection !== null && !selection.isCollapsed && element.contains(selection.anchorNode)
      }
      for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener)
      document.addEventListener('selectionchange', onselectionchange)
      return () => {
        for (const [name, listener] of Object.entries(on)) element.removeEventListener(name, listener)
        document.removeEventListener('selectionchange', onselectionchange)
        scroller = null
      }
    },
    /** The details were closed: the list goes on unless the focus is in it. */
    detailsClosed() {
      if (!scroller?.contains(document.activeElement)) focused = false
    },
  }
}
