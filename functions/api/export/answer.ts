// An export as an answer: a stream where answers can stream, else the first piece with the way to the next.
import type { Context } from 'hono'
import { PipelineError } from '../../errors.ts'
import { pageCharactersMax } from '../page.ts'
import type { ExportFormat, Piece } from './write-out.ts'

/** Each reads as fast as its client takes it. */
const exportsAtOnceMax = 4
const exportMsMax = 10 * 60 * 1000
/** Beyond this the stream breaks off, so that nobody takes a part for the whole. */
const exportBytesMax = 1024 ** 3

const types = { csv: 'text/csv; charset=utf-8; header=present', ndjson: 'application/x-ndjson' }

export interface ExportAnswers {
  /** @throws PipelineError RATE_LIMITED when too many exports run at once */
  answer(c: Context, file: { name: string; format: ExportFormat }, pieces: AsyncGenerator<Piece>): Promise<Response>
}

/** Makes the answering of one app, which counts its exports. */
export function exportAnswers({ streams }: { streams: boolean }): ExportAnswers {
  let running = 0
  return {
    async answer(c, { name, format }, pieces) {
      const headers = {
        'content-type': types[format],
        'content-disposition': `attachment; filename="freshet-${name}.${format}"`,
        'cache-control': 'no-store',
      }
      if (c.req.method === 'HEAD') return c.body(null, 200, headers)
      if (!streams) return inOnePiece(c, headers, pieces)
      if (running >= exportsAtOnceMax) {
        throw new PipelineError('RATE_LIMITED', `${exportsAtOnceMax} exports run already`)
      }
      running++
      // The first piece is read before the status is sent: an unavailable store can still be told as such.
      const first = await pieces.next().catch((error) => {
        running--
        throw error
      })
      return c.body(
        streamOf(first, pieces, () => running--),
        200,
        headers,
      )
    },
  }
}

async function inOnePiece(
  c: Context,
  headers: Record<string, string>,
  pieces: AsyncGenerator<Piece>,
): Promise<Response> {
  let text = ''
  let last: Piece | undefined
  for await (const piece of pieces) {
    text += piece.text
    last = piece
    if (text.length >= pageCharactersMax) break
  }
  if (last && !last.isEnd) {
    const next = new URL(c.req.url)
    next.searchParams.set('after', String(last.seq))
    c.header('link', `<${next.pathname}${next.search}>; rel="next"`)
  }
  return c.body(text, 200, headers)
}

function streamOf(
  first: IteratorResult<Piece>,
  pieces: AsyncGenerator<Piece>,
  onEnd: () => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let bytes = 0
  let isOver = false
  let lifetime: NodeJS.Timeout | undefined
  const over = () => {
    if (isOver) return
    isOver = true
    clearTimeout(lifetime)
    onEnd()
    void pieces.return(undefined)
  }
  let next: Promise<IteratorResult<Piece>> | undefined = Promise.resolve(first)
  return new ReadableStream<Uint8Array>({
    start(controller) {
      lifetime = setTimeout(() => {
        controller.error(new Error('the export took too long'))
        over()
      }, exportMsMax)
    },
    async pull(controller) {
      try {
        for (;;) {
          const { value, done } = await (next ?? pieces.next())
          next = undefined
          if (done) {
            if (!isOver) controller.close()
            return over()
          }
          if (value.text === '') continue
          const chunk = encoder.encode(value.text)
          bytes += chunk.length
          if (bytes > exportBytesMax) throw new Error('the export is too large')
          return controller.enqueue(chunk)
        }
      } catch (error) {
        over()
        throw error
      }
    },
    cancel: over,
  })
}
