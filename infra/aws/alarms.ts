// What calls somebody: the lines that the dashboard draws, and what only the cloud can see.
import { type FunctionDescription, pipeline } from '../pipeline.ts'
import { componentName, functionNamed, functions, metricsNamespace } from './functions.ts'
import { clusterName } from './kafka.ts'
import { countsEvents, mappings } from './mappings.ts'

const { lagSecondsMax, errorRateMax, newestEventAgeSecondsMax, retryMinutesMax } = pipeline.alarms
const minuteSeconds = 60

/** Who wants to be called subscribes to it. What is sent names the alarm and its figures, no events. */
export const alarmTopic = new aws.sns.Topic('Alarms')

type Watched = Pick<
  aws.cloudwatch.MetricAlarmArgs,
  'namespace' | 'metricName' | 'dimensions' | 'threshold' | 'alarmDescription'
> & {
  /** Minutes in a row before it calls. */
  minutes: number
  statistic: 'Maximum' | 'Sum'
  /** Silence is alarming for what is said every minute, and normal for what is counted. */
  silence?: 'breaching' | 'notBreaching'
}

function watch(name: string, { minutes, silence = 'notBreaching', ...watched }: Watched): void {
  new aws.cloudwatch.MetricAlarm(name, {
    comparisonOperator: 'GreaterThanThreshold',
    period: minuteSeconds,
    evaluationPeriods: minutes,
    treatMissingData: silence,
    alarmActions: [alarmTopic.arn],
    okActions: [alarmTopic.arn],
    ...watched,
  })
}

for (const { function: name, consumerGroupId, settings } of pipeline.mappings) {
  watch(`${componentName(name)}Lag`, {
    alarmDescription: `${consumerGroupId} is more than ${lagSecondsMax} s behind`,
    namespace: 'AWS/Kafka',
    // In seconds, as the dashboard shows it. https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html
    metricName: 'EstimatedMaxTimeLag',
    dimensions: { 'Cluster Name': clusterName, 'Consumer Group': consumerGroupId, Topic: settings.Topics[0] },
    statistic: 'Maximum',
    threshold: lagSecondsMax,
    minutes: 3,
  })
}

const mapped = new Set(pipeline.mappings.map((mapping) => mapping.function))

for (const [name, made] of Object.entries(functions)) {
  watch(`${componentName(name)}Errors`, {
    alarmDescription: `${name} fails`,
    namespace: 'AWS/Lambda',
    metricName: 'Errors',
    dimensions: { FunctionName: made.name },
    statistic: 'Sum',
    threshold: 0,
    // A mapping tries the same batch again and again; that is alarming when it goes on.
    minutes: mapped.has(name) ? retryMinutesMax : 1,
  })
}

// The API answers a fault instead of failing, so that Errors would not count it. It may restart its store for a while.
for (const [name] of Object.entries(pipeline.functions as Record<string, FunctionDescription>).filter(
  ([, { route }]) => route,
)) {
  watch(`${componentName(name)}Faults`, {
    alarmDescription: `${name} answers that something it needs is away`,
    namespace: 'AWS/Lambda',
    // https://docs.aws.amazon.com/lambda/latest/dg/urls-monitoring.html
    metricName: 'Url5xxCount',
    dimensions: { FunctionName: functionNamed(name).name },
    statistic: 'Sum',
    threshold: 0,
    minutes: retryMinutesMax,
  })
}

/** What a mapping did with events that it could not deliver. */
const losses = {
  OnFailure: { metricName: 'OnFailureDestinationDeliveredEventCount', says: 'gave events up' },
  Dropped: { metricName: 'DroppedEventCount', says: 'lost events' },
}

pipeline.mappings.forEach(({ function: name, settings }, index) => {
  const mapping = mappings[index]
  if (!mapping || !countsEvents(settings)) return
  for (const [kind, { metricName, says }] of Object.entries(losses)) {
    watch(`${componentName(name)}${kind}`, {
      alarmDescription: `the mapping of ${name} ${says}`,
      namespace: 'AWS/Lambda',
      metricName,
      dimensions: { EventSourceMappingUUID: mapping.uuid },
      statistic: 'Sum',
      threshold: 0,
      minutes: 1,
    })
  }
})

// The lag function says these each minute; where it falls silent, nobody knows how the pipeline is.
watch('NewestEventAge', {
  alarmDescription: `nothing was stored for ${newestEventAgeSecondsMax} s`,
  namespace: metricsNamespace,
  metricName: 'NewestEventAgeSeconds',
  dimensions: { Group: pipeline.shop.group },
  statistic: 'Maximum',
  threshold: newestEventAgeSecondsMax,
  minutes: 3,
  silence: 'breaching',
})
watch('ErrorRate', {
  alarmDescription: `more than ${errorRateMax * 100} % of what arrives is put aside`,
  namespace: metricsNamespace,
  metricName: 'ErrorRate',
  dimensions: { Group: pipeline.shop.group },
  statistic: 'Maximum',
  threshold: errorRateMax,
  minutes: 3,
  silence: 'breaching',
})
