// What the description must hold for nothing to be out of sight.
import { expect, it } from 'vitest'
import { pipelineEnvironment } from './environment.ts'
import { type MappingDescription, type PipelineDescription, pipeline } from './pipeline.ts'

const topicGivenUpTo = ({ settings }: MappingDescription) =>
  settings.DestinationConfig?.OnFailure.Destination.slice('kafka://'.length)

it('names a reader for every destination of what is given up, and that reader gives nothing up', () => {
  const giving = pipeline.mappings.filter(topicGivenUpTo)
  expect(giving.length).toBeGreaterThan(0)
  for (const mapping of giving) {
    const reader = pipeline.mappings.find(({ name }) => name === mapping.givenUpReadBy)
    expect(reader?.settings.Topics).toEqual([topicGivenUpTo(mapping)])
    expect(reader && topicGivenUpTo(reader)).toBeUndefined()
  }
})

it('has each topic, function and group that it speaks of, and each group once', () => {
  for (const { function: name, settings } of pipeline.mappings) {
    expect(Object.keys(pipeline.functions)).toContain(name)
    expect(Object.keys(pipeline.topics)).toContain(settings.Topics[0])
  }
  for (const { function: name } of pipeline.schedules) expect(Object.keys(pipeline.functions)).toContain(name)
  const groups = pipeline.mappings.map(({ consumerGroupId }) => consumerGroupId)
  expect(new Set(groups).size).toBe(groups.length)
  expect(groups).toContain(pipeline.shop.group)
  expect(groups).toContain(pipeline.abandonment.group)
  expect(Object.keys(pipeline.topics)).toContain(pipeline.abandonment.offersTopic)
})

it('watches the lag of every group', () => {
  const targets = JSON.parse(pipelineEnvironment().LAG_TARGETS ?? '[]')
  expect(targets).toEqual(
    pipeline.mappings.map(({ consumerGroupId, settings }) => ({ group: consumerGroupId, topic: settings.Topics[0] })),
  )
})

it('keeps dead letters at least as long as the records that they are made of', () => {
  const topicDays = Object.values(pipeline.topics).map(({ retentionMs }) => retentionMs / 86_400_000)
  expect(pipeline.retention.deadLetterDays).toBeGreaterThanOrEqual(Math.max(...topicDays))
})

it('lets functions write to topics that there are, and gives them what Lambda has', () => {
  const { functions }: PipelineDescription = pipeline
  for (const [name, { handler, timeoutSeconds, memoryMB, uses = {} }] of Object.entries(functions)) {
    expect(Object.keys(pipeline.topics)).toEqual(expect.arrayContaining(uses.publishes ?? []))
    expect(handler).toMatch(/^functions\/[\w-]+\/handler\.handler$/)
    // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    expect(timeoutSeconds, name).toBeLessThanOrEqual(900)
    expect(memoryMB, name).toBeGreaterThanOrEqual(128)
    expect(memoryMB, name).toBeLessThanOrEqual(10_240)
  }
})

it('gives a mapping that gives up what AWS asks for it: a destination, and provisioned pollers', () => {
  for (const { name, settings } of pipeline.mappings) {
    const limited = settings.MaximumRetryAttempts !== undefined || settings.BisectBatchOnFunctionError === true
    if (!limited) continue
    expect(settings, name).toMatchObject({
      DestinationConfig: expect.anything(),
      ProvisionedPollerConfig: expect.anything(),
    })
  }
})
