// What differs between stages; nothing else may.

/** A stage that people rely on: its data outlives `sst remove`, and it survives the loss of a zone. */
export const isProduction = $app.stage === 'production'

export const stage = isProduction
  ? {
      zones: 3,
      nat: 'managed' as const,
      kafka: { kind: 'provisioned' as const, brokers: 3, instanceType: 'kafka.m7g.large', volumeGB: 100 },
      store: { min: '0.5 ACU' as const, max: '16 ACU' as const, replicas: 1, backupDays: 14 },
      logRetention: '1 year' as const,
      logRetentionDays: 365,
      apiConcurrencyMax: 50,
    }
  : {
      zones: 2,
      nat: 'ec2' as const,
      // `staging` has the Kafka that scales by itself, so that nothing comes to depend on the brokers' number.
      kafka:
        $app.stage === 'staging'
          ? { kind: 'serverless' as const }
          : { kind: 'provisioned' as const, brokers: 2, instanceType: 'kafka.t3.small', volumeGB: 20 },
      store: { min: '0 ACU' as const, max: '2 ACU' as const, replicas: 0, backupDays: 1 },
      logRetention: '1 week' as const,
      logRetentionDays: 7,
      apiConcurrencyMax: 10,
    }
