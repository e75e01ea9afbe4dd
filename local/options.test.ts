import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { readOptions } from './options.ts'

it('takes the documented defaults', () => {
  expect(readOptions([])).toEqual({
    port: 4000,
    kafkaPort: 9092,
    data: resolve('.freshet'),
    store: `sqlite:${resolve('.freshet')}/freshet.db`,
    rate: 10,
    producer: true,
    json: false,
  })
})

it('plays a scenario at its own rate and in a folder of its own, unless told otherwise', () => {
  const scenario = ['--scenario', 'abandonment-spike']
  expect(readOptions(scenario)).toMatchObject({ rate: 300, data: resolve('.freshet/abandonment-spike') })
  expect(readOptions([...scenario, '--rate', '7', '--data', 'd'])).toMatchObject({ rate: 7, data: resolve('d') })
})

it('takes what is said', () => {
  const args =
    '--port 0 --host 0.0.0.0 --token correct-horse-battery --kafka-port 19092 --data d --rate 1000 --no-producer --brokers a:1,b:2 --seed 7 --json --inspect'
  expect(readOptions(args.split(' '))).toMatchObject({
    port: 0,
    host: '0.0.0.0',
    token: 'correct-horse-battery',
    kafkaPort: 19092,
    store: `sqlite:${resolve('d')}/freshet.db`,
    rate: 1000,
    producer: false,
    brokers: 'a:1,b:2',
    seed: 7,
    json: true,
    inspect: 9229,
  })
})
