import koffi from 'koffi'

// rd_kafka_mock_* of librdkafka: brokers inside this process, on threads of their own.
// https://github.com/confluentinc/librdkafka/blob/v2.0.2/src/rdkafka_mock.h

/** The library, or undefined where Debian's `librdkafka1` is not installed. */
export const library = (() => {
  try {
    return koffi.load('librdkafka.so.1')
  } catch {
    return undefined
  }
})()

if (library === undefined) {
  process.stderr.write(
    '\n*** librdkafka1 is not installed: tests with mock brokers are SKIPPED ***\n\n',
  )
}

const api = library === undefined ? undefined : declare(library)

function declare(lib: ReturnType<typeof koffi.load>) {
  for (const name of ['rd_kafka_t', 'rd_kafka_conf_t', 'rd_kafka_mock_cluster_t'])
    koffi.opaque(name)
  const cluster = 'rd_kafka_mock_cluster_t *'
  return {
    conf: lib.func('rd_kafka_conf_t *rd_kafka_conf_new()'),
    set: lib.func(
      'int rd_kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value, void *error, size_t size)',
    ),
    create: lib.func(
      'rd_kafka_t *rd_kafka_new(int type, rd_kafka_conf_t *conf, void *error, size_t size)',
    ),
    destroy: lib.func('void rd_kafka_destroy(rd_kafka_t *rk)'),
    start: lib.func(`${cluster}rd_kafka_mock_cluster_new(rd_kafka_t *rk, int brokers)`),
    end: lib.func(`void rd_kafka_mock_cluster_destroy(${cluster}m)`),
    bootstraps: lib.func(`const char *rd_kafka_mock_cluster_bootstraps(${cluster}m)`),
    topic: lib.func(
      `int rd_kafka_mock_topic_create(${cluster}m, const char *topic, int partitions, int replicas)`,
    ),
    topicError: lib.func(
      `void rd_kafka_mock_topic_set_error(${cluster}m, const char *topic, int error)`,
    ),
    leader: lib.func(
      `int rd_kafka_mock_partition_set_leader(${cluster}m, const char *topic, int partition, int broker)`,
    ),
    errors: lib.func(
      `void rd_kafka_mock_push_request_errors_array(${cluster}m, int16_t key, size_t count, const int *errors)`,
    ),
    clear: lib.func(`void rd_kafka_mock_clear_request_errors(${cluster}m, int16_t key)`),
    errorRtt: lib.func(
      `int rd_kafka_mock_broker_push_request_error_rtts(${cluster}m, int broker, int16_t key, size_t count, ...)`,
    ),
    down: lib.func(`int rd_kafka_mock_broker_set_down(${cluster}m, int broker)`),
    up: lib.func(`int rd_kafka_mock_broker_set_up(${cluster}m, int broker)`),
    rtt: lib.func(`int rd_kafka_mock_broker_set_rtt(${cluster}m, int broker, int ms)`),
  }
}

const produce = 0
const initProducerId = 22

/** Real sockets, real wire protocol, made-up logs; gone at its `end`. */
export function openMockCluster(brokers = 3) {
  if (api === undefined) throw new Error('no librdkafka')
  const { conf, set, create, start } = api
  const settings = conf()
  // Its own client must not complain that it has no brokers.
  set(settings, 'client.id', 'MOCK', null, 0)
  set(settings, 'log_level', '2', null, 0)
  const client = create(0, settings, null, 0)
  const cluster = start(client, brokers)
  setController(cluster)
  let ended = false
  const end = () => {
    if (ended) return
    ended = true
    api.end(cluster)
    api.destroy(client)
  }
  // What a timer of a test does too late would be done to freed memory.
  const act = (work: () => unknown) => {
    if (!ended) work()
  }
  return {
    end,
    brokers: String(api.bootstraps(cluster)).split(','),
    createTopic: (name: string, partitions: number) =>
      act(() => api.topic(cluster, name, partitions, brokers)),
    /** A topic of which every request says `code`. */
    failTopic: (name: string, code: number) => act(() => api.topicError(cluster, name, code)),
    moveLeader: (name: string, partition: number, broker: number) =>
      act(() => api.leader(cluster, name, partition, broker)),
    /** What the next requests to produce are answered; -195 cuts the connection. */
    failProduce: (...codes: number[]) =>
      act(() => api.errors(cluster, produce, codes.length, codes)),
    failInit: (...codes: number[]) =>
      act(() => api.errors(cluster, initProducerId, codes.length, codes)),
    clearErrors: () => act(() => api.clear(cluster, produce)),
    /** The next request to `broker` is done, its answer comes after `ms`. */
    delayProduce: (broker: number, ms: number) =>
      act(() => api.errorRtt(cluster, broker, produce, 1, 'int', 0, 'int', ms)),
    down: (broker: number) => act(() => api.down(cluster, broker)),
    up: (broker: number) => act(() => api.up(cluster, broker)),
    slow: (broker: number, ms: number) => act(() => api.rtt(cluster, broker, ms)),
  }
}

/**
 * librdkafka never says who the controller is, and an idempotent KafkaJS asks it for its producer
 * id. `struct rd_kafka_mock_cluster_s` begins with `char id[32]`, a pointer, `int32_t controller_id`.
 */
function setController(cluster: unknown): void {
  const name = String(koffi.decode(cluster, 0, 'char', 11))
  if (!name.startsWith('mockCluster') || koffi.decode(cluster, 40, 'int32_t') !== 0) {
    throw new Error('this librdkafka lays out its mock cluster in another way')
  }
  koffi.encode(cluster, 40, 'int32_t', 1)
}
