// The one description of the pipeline: plain data, read by the local cloud here and by the cloud's templates.

/** A function that Lambda, or the local runtime, runs. */
export interface FunctionDescription {
  /** Path from the project's root without its ending, a dot, and the exported name: Lambda's own notation. */
  handler: string
  timeoutSeconds: number
  memoryMB: number
  /** What it reaches, and so all that its role may touch in the cloud; absent: nothing. */
  uses?: {
    store?: true
    /** Topics that it writes to. */
    publishes?: string[]
    /** Topics whose records it looks up one by one, without being in a group. */
    reads?: string[]
    /** It reads offsets of all the groups here, and records of their topics, without being in a group. */
    watches?: true
    /** It makes topics. */
    administers?: true
  }
  /** Requests to this path are its events. */
  route?: '/api'
  /** Invoked once by each deploy, before any other function is new. */
  atDeploy?: true
  /** A consumer: what invokes it. */
  reads?: Reading
}

/** What a consumer reads, and how it is handed to it: an event source mapping. */
export interface Reading {
  /** What `npm run mapping -- --pipeline NAME` calls it; the function's name unless given. */
  name?: string
  consumerGroupId: string
  /** The JSON of CreateEventSourceMapping but for the source's address and the group id, which the stage fills in. */
  settings: {
    Topics: [string]
    StartingPosition: 'TRIM_HORIZON' | 'LATEST'
    BatchSize?: number
    MaximumBatchingWindowInSeconds?: number
    FunctionResponseTypes?: ['ReportBatchItemFailures']
    FilterCriteria?: { Filters: { Pattern: string }[] }
    /** Needs ProvisionedPollerConfig, and a destination. */
    MaximumRetryAttempts?: number
    BisectBatchOnFunctionError?: boolean
    DestinationConfig?: { OnFailure: { Destination: `kafka://${string}` } }
    ProvisionedPollerConfig?: { MinimumPollers: number; MaximumPollers: number }
  }
  /** Where there is a destination: the mapping that reads it. Nothing that is given up goes unseen. */
  givenUpReadBy?: string
}

/** An event source mapping: who is invoked with which topic's records. */
export interface MappingDescription extends Reading {
  name: string
  function: string
}

export interface ScheduleDescription {
  function: string
  /** EventBridge Scheduler's notation. Its shortest period is one minute. */
  rate: `rate(${string})`
  /** Locally a shorter period may be wanted; seconds. */
  localSeconds?: number
}

/** A story that the business can be played by. */
export interface ScenarioDescription {
  eventsPerSecond: number
  /** What functions find otherwise in their environment meanwhile. */
  variables: Record<string, string>
}

/** The second consumer's: when a cart is abandoned, and what is offered in a spike. docs/abandonment.md */
export interface AbandonmentDescription {
  group: string
  /** A cart without a purchase for this long is abandoned, by the events' own time. */
  abandonMs: number
  /** How far behind the newest record of its partition an event may be and still count. */
  latenessMs: number
  /** Carts are counted and compared by windows of this length: a spike is seen within three. */
  windowMs: number
  offersTopic: string
  discountPercent: number
}

/** What another business may have otherwise, or not at all. */
export interface PipelineDescription {
  functions: Record<string, FunctionDescription>
  topics: Record<string, { partitions: number; retentionMs: number }>
  rules: Record<string, string | number | string[]>
  scenarios: Record<string, ScenarioDescription>
  abandonment?: AbandonmentDescription
}

/** What the consumers read. */
function mappingsOf(consumers: Record<string, FunctionDescription>): MappingDescription[] {
  return Object.entries(consumers).flatMap(([name, { reads }]) => (reads ? [{ name, function: name, ...reads }] : []))
}

const functions = {
  // The producer runs for the minute of its schedule; what remains is for its last acknowledgements.
  producer: {
    handler: 'functions/producer/handler.handler',
    timeoutSeconds: 75,
    memoryMB: 256,
    uses: { publishes: ['retail-events'] },
  },
  consumer: {
    handler: 'functions/consumer/handler.handler',
    timeoutSeconds: 60,
    memoryMB: 512,
    uses: { store: true },
    reads: {
      name: 'analytics',
      consumerGroupId: 'analytics-consumer-group',
      // No retry limit and no destination: a store outage must show as "stuck", never turn good events into leftovers.
      settings: {
        Topics: ['retail-events'],
        StartingPosition: 'TRIM_HORIZON',
        BatchSize: 1000,
        MaximumBatchingWindowInSeconds: 0,
      },
    },
  },
  abandonment: {
    handler: 'functions/abandonment/handler.handler',
    timeoutSeconds: 60,
    memoryMB: 512,
    uses: { store: true, publishes: ['discount-offers'] },
    reads: {
      consumerGroupId: 'abandonment-consumer-group',
      // An offer is worth little an hour later: this one gives up a record that fails for minutes, and goes on. It waits
      // for no batch: with Lambda's half a second of waiting, offers would come later than half a second.
      settings: {
        Topics: ['retail-events'],
        StartingPosition: 'TRIM_HORIZON',
        BatchSize: 1000,
        MaximumBatchingWindowInSeconds: 0,
        FilterCriteria: {
          Filters: [{ Pattern: '{"value":{"event_type":["cart_add","checkout","purchase"]}}' }],
        },
        MaximumRetryAttempts: 10,
        BisectBatchOnFunctionError: true,
        DestinationConfig: { OnFailure: { Destination: 'kafka://retail-events-failed' } },
        ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 3 },
      },
      givenUpReadBy: 'leftovers',
    },
  },
  // The second consumer's timer.
  outbox: {
    handler: 'functions/outbox/handler.handler',
    timeoutSeconds: 50,
    memoryMB: 256,
    uses: { store: true, watches: true, publishes: ['discount-offers'] },
  },
  leftovers: {
    handler: 'functions/leftovers/handler.handler',
    timeoutSeconds: 60,
    memoryMB: 256,
    uses: { store: true },
    reads: {
      consumerGroupId: 'leftovers-consumer-group',
      settings: {
        Topics: ['retail-events-failed'],
        StartingPosition: 'TRIM_HORIZON',
        // An on-failure record holds a record and more.
        BatchSize: 100,
        MaximumBatchingWindowInSeconds: 0,
      },
    },
  },
  lag: {
    handler: 'functions/lag/handler.handler',
    timeoutSeconds: 30,
    memoryMB: 256,
    uses: { store: true, watches: true },
  },
  // Like the producer it may run until it is due again.
  redrive: {
    handler: 'functions/redrive/handler.handler',
    timeoutSeconds: 75,
    memoryMB: 256,
    uses: { store: true, publishes: ['retail-events'] },
  },
  api: {
    handler: 'functions/api/handler.handler',
    timeoutSeconds: 30,
    memoryMB: 512,
    // A record's way is told from the record itself.
    uses: { store: true, publishes: ['retail-events'], reads: ['retail-events'] },
    route: '/api',
  },
  // A store that has grown for years may need the minutes that Lambda has at most.
  migrate: {
    handler: 'functions/migrate/handler.handler',
    timeoutSeconds: 900,
    memoryMB: 256,
    uses: { store: true, administers: true },
    atDeploy: true,
  },
} satisfies Record<string, FunctionDescription>

export const pipeline = {
  name: 'freshet',

  /** Days of business figures begin and end in this zone. */
  timeZone: 'Australia/Sydney',

  /** The stream and the group that the dashboard is about. */
  shop: { topic: 'retail-events', group: 'analytics-consumer-group' },

  topics: {
    'retail-events': { partitions: 3, retentionMs: 7 * 24 * 60 * 60 * 1000 },
    /** Made by the second consumer, for whoever sends them to people. */
    'discount-offers': { partitions: 3, retentionMs: 7 * 24 * 60 * 60 * 1000 },
    /** What mappings with limited retries give up. */
    'retail-events-failed': { partitions: 1, retentionMs: 7 * 24 * 60 * 60 * 1000 },
  },

  functions,

  mappings: mappingsOf(functions),

  schedules: [
    { function: 'producer', rate: 'rate(1 minute)' },
    { function: 'lag', rate: 'rate(1 minute)', localSeconds: 2 },
    { function: 'redrive', rate: 'rate(1 minute)', localSeconds: 1 },
    { function: 'outbox', rate: 'rate(1 minute)', localSeconds: 1 },
  ] as ScheduleDescription[],

  /** By which the business judges its events; functions find each as a variable. functions/retail/rules.ts */
  rules: {
    /** Not business: counted, not stored. */
    NOISE_EVENT_TYPES: ['heartbeat'],
    /** Users below this are test traffic: noise too. */
    NOISE_USER_ID_BELOW: 1000,
    /** The largest amount that is believed, in dollars. */
    AMOUNT_MAX: 1_000_000,
  },

  event: {
    /** An event stamped further ahead than this of its record or of the clock is put aside. */
    futureMsMax: 5 * 60 * 1000,
    /** Deeper JSON is put aside as TOO_DEEP. */
    depthMax: 32,
  },

  /**
   * What the store keeps. Dead letters stay at least as long as the topic's records, so that none goes before it could be
   * looked at; ids go by the topic's own retention.
   */
  retention: { eventDays: 30, deadLetterDays: 90, storeBytesMax: 20 * 1024 ** 3 },

  /** The simulated shop. */
  producer: { eventsPerSecond: 10 },

  /** The second consumer. */
  abandonment: {
    group: 'abandonment-consumer-group',
    abandonMs: 15 * 60 * 1000,
    latenessMs: 30 * 1000,
    windowMs: 10 * 1000,
    offersTopic: 'discount-offers',
    discountPercent: 10,
  },

  /** Stories that the simulated shop can play here: `npm run local -- --scenario NAME`. */
  scenarios: {
    // A shop's hours made seconds.
    'abandonment-spike': {
      eventsPerSecond: 300,
      variables: { ABANDON_AFTER_MS: '4000', ABANDON_LATENESS_MS: '500', ABANDON_WINDOW_MS: '1000' },
    },
  },

  /** The dashboard draws these lines, and the cloud's alarms use the same; how long a batch may fail is the cloud's alone. */
  alarms: { lagSecondsMax: 60, errorRateMax: 0.05, newestEventAgeSecondsMax: 60, retryMinutesMax: 5 },
}
