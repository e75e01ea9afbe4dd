// What the description must hold for nothing to be out of sight.
import { expect, it } from 'vitest'
import { pipelineEnvironment } from './environment.ts'
import { type MappingDescription, pipeline } from './pipeline.ts'

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
