// docs/event-source-mapping.md and the code say the same: every setting, condition, metric, event and operator, row by row.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compileFilters } from './filter.ts'
import { operatorNames } from './filter-operator.ts'
import { metricValues, noMetrics } from './metrics.ts'
import { foreignSettings } from './settings-rules.ts'
import { settingsSchema } from './settings-schema.ts'
import { documentedRows } from './testing/documented-rows.ts'

const page = readFileSync(new URL('../../docs/event-source-mapping.md', import.meta.url), 'utf8')

/** The rows of a section's tables, without their heads: the cells of each. */
function rowsOf(heading: string): string[][] {
  const [, section = ''] = page.split(new RegExp(`^#+ ${heading}$`, 'm'))
  const [body = ''] = section.split(/^#+ /m)
  const rows = body.split('\n').filter((line) => line.startsWith('|'))
  const isHead = (i: number) => /^\|(-+\|)+$/.test(rows[i] ?? '') || /^\|(-+\|)+$/.test(rows[i + 1] ?? '')
  return rows.flatMap((row, i) =>
    isHead(i)
      ? []
      : [
          row
            .slice(1, -1)
            .split('|')
            .map((cell) => cell.trim()),
        ],
  )
}

const firstCells = (heading: string) => rowsOf(heading).map(([first = '']) => first)
const namesIn = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string)

/** Of the rooms whose tests show what the page says. */
const tests = ['.', 'fetch', 'schema-registry', '../mapping', '../runtime', '../../functions/kafka'].map((folder) => {
  const names = readdirSync(join(import.meta.dirname, folder)).filter((name) => /\.(test|contract)\.ts$/.test(name))
  return names.map((name) => readFileSync(join(import.meta.dirname, folder, name), 'utf8')).join('\n')
})

describe('every row of what AWS documents stands on the page, and a test shows it', () => {
  it.each(Object.entries(documentedRows))('%s', (heading, rows) => {
    // Operators have an example each, which is tried below.
    const documented = firstCells(heading).slice(0, heading === 'Filters' ? 14 : undefined)
    expect(new Set(documented)).toEqual(new Set(Object.keys(rows)))
    const shown = (title: string) =>
      tests.some((text) => text.includes(title) || text.includes(title.replaceAll("'", "\\'")))
    expect(Object.values(rows).filter((title) => !shown(title))).toEqual([])
  })
})

it('every setting that is taken has a row, and each row is a setting', () => {
  const { AmazonManagedKafkaEventSourceConfig, SelfManagedKafkaEventSourceConfig, ProvisionedPollerConfig } =
    settingsSchema.shape
  const within = [AmazonManagedKafkaEventSourceConfig, SelfManagedKafkaEventSourceConfig].flatMap((config) =>
    Object.keys(config.unwrap().shape),
  )
  const taken = new Set([...Object.keys(settingsSchema.shape), ...within])
  if ('PollerGroupName' in ProvisionedPollerConfig.unwrap().shape) taken.add('PollerGroupName')
  const limits = firstCells('Settings').indexOf("a function's time-out")
  const documented = firstCells('Settings').slice(0, limits).flatMap(namesIn)
  const foreign = documented.filter((name) => foreignSettings({ [name]: 1 }).length > 0)
  expect(new Set(documented.filter((name) => !foreign.includes(name)))).toEqual(taken)
  expect(foreign).toEqual(['ParallelizationFactor', 'TumblingWindowInSeconds', 'ScalingConfig'])
})

it.each(['EventCount', 'ErrorCount', 'KafkaMetrics'] as const)(
  'the metrics of %s are the ones on the page',
  (group) => {
    const ofFunction = Object.keys(metricValues(noMetrics, { chosen: [], lags: [0], pollers: null }))
    const names = Object.keys(metricValues(noMetrics, { chosen: [group], lags: [0], pollers: null })).filter(
      (name) => !ofFunction.includes(name),
    )
    const [, documented = ''] = rowsOf('Metrics and the system log').find(([first]) => first === `\`${group}\``) ?? []
    expect(namesIn(documented)).toEqual(names)
  },
)

it('the metrics of the function and of provisioned mode are the ones on the page', () => {
  const row = (name: string) =>
    namesIn(rowsOf('Metrics and the system log').find(([first]) => first === name)?.[1] ?? '')
  const onDemand = Object.keys(metricValues(noMetrics, { chosen: [], lags: [0], pollers: null }))
  expect(row('of the function')).toEqual(onDemand.filter((name) => name !== 'LostToRetentionCount'))
  const provisioned = Object.keys(metricValues(noMetrics, { chosen: [], lags: [0], pollers: 1 }))
  expect(row('of provisioned mode')).toEqual(provisioned.filter((name) => !onDemand.includes(name)))
})

it('everything that a mapping tells stands there, field by field', () => {
  const source = readFileSync(new URL('happening.ts', import.meta.url), 'utf8').replace(/\/\*\*[\s\S]*?\*\//g, '')
  const told = [...source.matchAll(/\{\s*type: '([\w-]+)'([^}]*)\}/g)].map(([, type, fields = '']) => {
    return [type, [...fields.matchAll(/(\w+)\??:/g)].map(([, name]) => name)]
  })
  const rows = rowsOf('What happened, line by line').map(([type = '', fields = '']) => [
    namesIn(type)[0],
    namesIn(fields),
  ])
  const sorted = (lines: unknown[][]) =>
    lines
      .map(([type, fields]) => [type, [...(fields as string[])].sort()])
      .sort((a, b) => `${a[0]}`.localeCompare(`${b[0]}`))
  // How much a fetch brought is of interest as a sum only, and no line.
  expect(sorted(rows)).toEqual(sorted(told.filter(([type]) => type !== 'polled')))
})

it("AWS's table of formats is there word by word", () => {
  const literally = 'filters on the other metadata properties only'
  expect(rowsOf('Filters').slice(0, 6)).toEqual([
    ['plain string', 'plain string', 'filters on it'],
    ['plain string', 'JSON', literally],
    ['JSON', 'plain string', literally],
    ['JSON', 'JSON', 'filters on it'],
    ['any', 'none', literally],
    ['not UTF-8', 'any', literally],
  ])
})

it('every operator has a row, and every example of one is a pattern', () => {
  const rows = rowsOf('Filters').slice(14)
  const named = new Set(rows.flatMap(([first = '']) => namesIn(first)))
  expect(named).toEqual(new Set([...operatorNames, '$or']))
  const examples = rows.flatMap(([, syntax = '']) => namesIn(syntax)).filter((text) => text.startsWith('['))
  expect(examples).toHaveLength(12)
  for (const example of examples) expect(() => compileFilters([`{"value":{"a":${example}}}`])).not.toThrow()
})
