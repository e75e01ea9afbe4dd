// What is told while the stack runs: aligned text for people, or one JSON object a line for programs.
import type { Colors } from 'picocolors/types'
import { PipelineError } from '../../functions/errors.ts'
import type { Stack } from '../stack.ts'
import type { News } from '../start.ts'
import { batchLine, happeningSentence, readJson, type Sentence, systemLogSentence, withHint } from './happening.ts'
import { terminalLines } from './lines.ts'

export interface ReporterOptions {
  json: boolean
  print: (line: string) => void
  colors: Colors
  now: () => number
  /** Of the person who reads. */
  timeZone: string
}

export interface Reporter {
  ready(stack: Stack, banner: () => string): void
  hear(news: News): void
  say(part: string, text: string): void
  failed(error: Error): void
}

export function reporter(options: ReporterOptions): Reporter {
  return options.json ? jsonReporter(options) : textReporter(options)
}

function jsonReporter({ print, now }: ReporterOptions): Reporter {
  const line = (event: string, fields: object) => print(JSON.stringify({ event, ...fields }))
  return {
    ready: ({ dashboard, kafka, notes }) => line('ready', { dashboard, kafka, notes }),
    hear({ type, ...fields }) {
      if ('error' in fields) line(type, { at: now(), message: fields.error.message })
      else line(type, { at: now(), ...fields })
    },
    say: (part, text) => line('note', { part, text }),
    failed: (error) => line('failed', describeError(error)),
  }
}

function textReporter(options: ReporterOptions): Reporter {
  const { print, colors } = options
  const lines = terminalLines(options)
  return {
    ready: (_, banner) => print(banner()),
    say: (part, text) => lines.say(part, text),
    hear(news) {
      if (news.type === 'happening' && news.happening.type === 'result' && news.happening.answer !== undefined) {
        lines.batch(news.function, batchLine(news.happening, news.happening.answer))
      } else {
        const told = sentence(news)
        if (told) lines.say(told.part, told.text, told.tone)
      }
    },
    failed(error) {
      const { code, message, hint } = describeError(error)
      print(`${colors.red(`freshet  ${message}`)}${code ? `\n  ${hint}` : `\n${error.stack ?? ''}`}`)
    },
  }
}

function sentence(news: News): Sentence | null {
  switch (news.type) {
    case 'producer':
      return { part: 'producer', text: producerText(news), tone: news.state === 'running' ? 'plain' : 'warn' }
    case 'produced':
      return {
        part: 'producer',
        text: `${(readJson(news.payload) as { produced?: number }).produced ?? 0} events in this minute`,
        tone: 'plain',
      }
    case 'problem':
      return { part: news.part, text: withHint(news.message), tone: 'bad' }
    case 'reload':
      return { part: 'runtime', text: news.message, tone: 'plain' }
    case 'fatal':
      return { part: 'freshet', text: withHint(news.error.message), tone: 'bad' }
    case 'happening':
      return happeningSentence(news.happening)
    case 'system-log':
      return systemLogSentence(news.event)
  }
}

function producerText({ state, rate }: { state: string; rate: number }): string {
  return state === 'running' ? `${rate} events/s` : state
}

function describeError(error: Error): { code?: string; message: string; hint?: string } {
  if (error instanceof PipelineError) return { code: error.code, message: error.message, hint: error.hint }
  return { message: error.message }
}
