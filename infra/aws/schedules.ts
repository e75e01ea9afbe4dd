// The schedules of the description.
import { pipeline } from '../pipeline.ts'
import { componentName, functionNamed } from './functions.ts'

export const schedules = pipeline.schedules.map(
  ({ function: name, rate }) =>
    new sst.aws.CronV2(`${componentName(name)}Schedule`, {
      schedule: rate,
      function: functionNamed(name).arn,
      // The next firing is a minute away; a late one would only be in its way.
      retries: 0,
      // Scheduler fills this in: when the firing was due.
      // https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
      event: { time: '<aws.scheduler.scheduled-time>' },
    }),
)
