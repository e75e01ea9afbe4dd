// docker-compose.yml, from the description: the whole pipeline with Apache Kafka and Postgres, on this machine alone.
import { apiPort, type Container, running, sharedVariables, steps, userId } from '../containers.ts'

const image = 'freshet:local'
const insidePort = 29092
const outsidePort = 9092
const controllerPort = 29093

/** What has to be there before anything of ours starts. */
const needs = { 'first-run': ended(), kafka: healthy(), postgres: healthy() }

/** The file as plain data, in the order in which it is read. */
export function composeFile(): object {
  return {
    name: 'freshet',
    services: {
      'first-run': firstRun(),
      kafka: kafka(),
      postgres: postgres(),
      ...Object.fromEntries(steps.map(({ name, command, memoryMB }) => [name, step(command, memoryMB)])),
      ...Object.fromEntries(running.map((container) => [container.name, service(container)])),
    },
    networks: {
      // Nothing in it reaches out, and nothing outside reaches in.
      inside: { internal: true },
      outside: {},
    },
    volumes: { 'kafka-data': {}, 'postgres-data': {}, 'own-secrets': {}, 'database-secrets': {} },
  }
}

/** Makes the secrets, and prints the link to the dashboard, when they are not there yet. */
function firstRun(): object {
  const folders = ['--own', '/secrets/own', '--database', '/secrets/database']
  return {
    ...ours(192),
    command: ['local/first-run/main.ts', ...folders, '--user', 'freshet', '--link', `http://localhost:${apiPort}`],
    volumes: ['own-secrets:/secrets/own', 'database-secrets:/secrets/database'],
    network_mode: 'none',
    restart: 'no',
  }
}

function kafka(): object {
  return {
    image: 'apache/kafka:4.1.0',
    environment: {
      CLUSTER_ID: 'ZnJlc2hldC1jb21wb3NlMA',
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_CONTROLLER_QUORUM_VOTERS: `1@kafka:${controllerPort}`,
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      // Containers know it as kafka, this machine as localhost: each is told the name that it can reach.
      KAFKA_LISTENERS: `INSIDE://:${insidePort},OUTSIDE://:${outsidePort},CONTROLLER://:${controllerPort}`,
      KAFKA_ADVERTISED_LISTENERS: `INSIDE://kafka:${insidePort},OUTSIDE://localhost:${outsidePort}`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT',
      KAFKA_INTER_BROKER_LISTENER_NAME: 'INSIDE',
      KAFKA_LOG_DIRS: '/var/lib/kafka/data',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_HEAP_OPTS: '-Xms512m -Xmx512m',
    },
    ports: [`127.0.0.1:${outsidePort}:${outsidePort}`],
    volumes: ['kafka-data:/var/lib/kafka/data'],
    networks: ['inside', 'outside'],
    healthcheck: {
      test: ['CMD', '/opt/kafka/bin/kafka-broker-api-versions.sh', '--bootstrap-server', `localhost:${outsidePort}`],
      interval: '10s',
      timeout: '10s',
      start_period: '60s',
      retries: 5,
    },
    stop_grace_period: '60s',
    ...bounded(1536, 2),
    security_opt: ['no-new-privileges:true'],
    restart: 'unless-stopped',
  }
}

function postgres(): object {
  return {
    image: 'postgres:17.6-bookworm',
    environment: {
      POSTGRES_USER: 'freshet',
      POSTGRES_DB: 'freshet',
      POSTGRES_PASSWORD_FILE: '/secrets/database/password',
      POSTGRES_INITDB_ARGS: '--encoding=UTF8 --auth-host=scram-sha-256',
    },
    volumes: ['postgres-data:/var/lib/postgresql/data', 'database-secrets:/secrets/database:ro'],
    networks: ['inside'],
    depends_on: { 'first-run': ended() },
    healthcheck: {
      // While the server is being made it listens on its socket only.
      test: ['CMD', 'pg_isready', '--host=127.0.0.1', '--username=freshet', '--dbname=freshet'],
      interval: '3s',
      timeout: '3s',
      start_period: '60s',
      retries: 5,
    },
    shm_size: '128m',
    stop_grace_period: '60s',
    ...bounded(1024, 2),
    security_opt: ['no-new-privileges:true'],
    restart: 'unless-stopped',
  }
}

function step(command: string[], memoryMB: number): object {
  return {
    ...ours(memoryMB),
    command,
    environment: reachable({}),
    volumes: ['own-secrets:/secrets/own:ro'],
    networks: ['inside'],
    depends_on: needs,
    restart: 'on-failure:5',
  }
}

function service({ name, command, memoryMB, stopSeconds, ready, variables }: Container): object {
  const isOutside = name === 'dashboard'
  return {
    ...ours(memoryMB),
    command,
    environment: reachable(variables),
    volumes: ['own-secrets:/secrets/own:ro'],
    networks: isOutside ? ['inside', 'outside'] : ['inside'],
    ...(isOutside && { ports: [`127.0.0.1:${apiPort}:${apiPort}`] }),
    depends_on: { ...needs, ...Object.fromEntries(steps.map((one) => [one.name, ended()])) },
    healthcheck: {
      test: ['CMD', 'node', 'infra/docker/healthy.mjs', `http://127.0.0.1${ready}`],
      interval: '5s',
      timeout: '3s',
      start_period: '30s',
      retries: 5,
    },
    stop_grace_period: `${stopSeconds}s`,
    restart: 'unless-stopped',
  }
}

/** What every container of the one image has, and may not. */
function ours(memoryMB: number): object {
  return {
    image,
    build: { context: '.', dockerfile: 'infra/docker/Dockerfile' },
    user: `${userId}:${userId}`,
    init: true,
    read_only: true,
    tmpfs: ['/tmp:size=64m,mode=1777'],
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    ...bounded(memoryMB, 1),
  }
}

function bounded(memoryMB: number, cpus: number): object {
  return {
    deploy: { resources: { limits: { cpus: String(cpus), memory: `${memoryMB}M`, pids: 512 } } },
    logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
  }
}

/** The description's variables, and where Kafka and the store are. The store's password stands in a file. */
function reachable(variables: Record<string, string>): Record<string, string> {
  return {
    ...sharedVariables(),
    KAFKA_BOOTSTRAP_SERVERS: `kafka:${insidePort}`,
    STORE_URL: 'postgres://freshet@postgres:5432/freshet',
    PGPASSFILE: '/secrets/own/pgpass',
    ...variables,
  }
}

function ended(): object {
  return { condition: 'service_completed_successfully' }
}

function healthy(): object {
  return { condition: 'service_healthy' }
}
