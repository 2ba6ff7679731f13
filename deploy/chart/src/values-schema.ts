import Type, { type TProperties, type TSchema } from 'typebox'
import { loginsOfServers, openSettingsOf, serviceNames, settingsOf, type Setting } from './settings.ts'

const closed = { additionalProperties: false }

/** An object of which any part may be left out, because values.yaml has it. Nothing else may stand in it. */
const values = (properties: TProperties): TSchema =>
  Type.Object(
    Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, Type.Optional(schema)])),
    closed,
  )

const text = Type.String()
const flag = Type.Boolean()
const count = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum })
const anyObject = Type.Record(Type.String(), Type.Unknown())
const texts = Type.Record(Type.String(), Type.String())
const list = Type.Array(Type.Unknown())
const objects = Type.Array(anyObject)
const digest = Type.String({ pattern: '^(sha256:[0-9a-f]{64})?$' })
const port = count(1, 65_535)
const address = Type.String({ pattern: '^(https?://[^/]+)?$' })
const quantity = Type.Union([Type.String({ pattern: '^[0-9.]+(m|[kMGT]i?)?$' }), Type.Number({ minimum: 0 })])
const resources = values({
  requests: values({ cpu: quantity, memory: quantity, 'ephemeral-storage': quantity }),
  limits: values({ cpu: quantity, memory: quantity, 'ephemeral-storage': quantity }),
})
const pod = values({
  annotations: texts,
  labels: texts,
  nodeSelector: texts,
  tolerations: objects,
  affinity: anyObject,
  priorityClassName: text,
})
const secretRef = Type.Object({ name: text, key: Type.Optional(text) }, closed)
const setting = { type: ['string', 'number', 'boolean'] }
const ports = Type.Array(port, { minItems: 1 })
const peer = values({ ports, to: objects })

/** Settings by name, and those of Node.js and OpenTelemetry, which no schema of ours lists. */
const settings = (of: readonly Setting[]): TSchema =>
  Type.Object(Object.fromEntries(of.map(({ name }) => [name, Type.Optional(Type.Unsafe(setting))])), {
    ...closed,
    patternProperties: { '^(OTEL|NODE|MALLOC|UV)_[A-Z0-9_]+$|^[A-Z0-9_]+_FILE$': setting },
  })

const secretRefs = (names: readonly string[]): TSchema =>
  values(Object.fromEntries(names.toSorted().map((name) => [name, secretRef])))

const secretsOf = (service: string): string[] => {
  const names = settingsOf(service).flatMap(({ name, secret }) => (secret ? [name] : []))
  return [...new Set([...names, ...loginsOfServers, ...(service === 'media' ? ['S3_ACCESS_KEY'] : [])])]
}
const unique = <T>(items: readonly T[], key: (item: T) => string): T[] => [
  ...new Map(items.map((item) => [key(item), item])).values(),
]

const service = (name: string): TSchema =>
  values({
    image: text,
    digest,
    replicas: count(1, 1000),
    config: settings(openSettingsOf(name)),
    resources,
    autoscaling: values({
      enabled: flag,
      maxReplicas: count(1, 1000),
      cpu: count(0, 100),
      perPod: values({ metric: text, value: text }),
    }),
    secrets: Type.Array(text),
    secretRefs: secretRefs(secretsOf(name)),
    extraEnv: objects,
    extraVolumes: objects,
    extraVolumeMounts: objects,
    pod,
  })

const media = {
  janus: values({
    enabled: flag,
    replicas: count(1, 1000),
    image: text,
    digest,
    firstPort: port,
    publicAddress: text,
    nodeSelector: texts,
    tolerations: objects,
    resources,
  }),
  turn: values({
    urls: Type.Array(Type.String({ pattern: '^turns?:' })),
    fixedLogin: flag,
    coturn: values({
      enabled: flag,
      replicas: count(1, 1000),
      image: text,
      digest,
      port,
      firstPort: port,
      publicAddress: text,
      allowedPeers: Type.Array(text),
      nodeSelector: texts,
      tolerations: objects,
      resources,
    }),
  }),
  storage: values({ s3: values({ endpoint: address, region: text, bucket: text }), claim: text }),
}

const edge = {
  ingress: values({ enabled: flag, className: text, host: text, tlsSecret: text, nginx: flag, annotations: texts }),
  gatewayApi: values({ enabled: flag, parentRefs: objects, hostnames: Type.Array(text) }),
  networkPolicy: values({
    enabled: flag,
    gatewayFrom: objects,
    monitoringFrom: objects,
    egress: values({ postgres: peer, redis: peer, nats: peer, s3: peer, smtp: peer, clamav: peer, https: peer }),
    extraEgress: objects,
  }),
  monitoring: values({
    podMonitor: flag,
    serviceMonitor: flag,
    rules: flag,
    dashboards: flag,
    interval: Type.String({ pattern: '^[0-9]+(s|m)$' }),
    labels: texts,
    tokenSecret: values({ name: text, key: text }),
  }),
}

/** The schema of the chart's values.yaml. The settings come from the config schemas of the services. */
export function valuesSchema(): object {
  const everywhere = unique(serviceNames.flatMap(openSettingsOf), ({ name }) => name)
  const secrets = unique(serviceNames.flatMap(secretsOf), (name) => name)
  const schema = values({
    global: anyObject,
    image: values({
      repository: text,
      tag: text,
      digest,
      pullPolicy: Type.Enum(['Always', 'IfNotPresent', 'Never']),
    }),
    imagePullSecrets: list,
    publicUrl: address,
    existingSecret: text,
    secretRefs: secretRefs(secrets),
    secretVersion: text,
    config: settings(everywhere),
    trustProxy: text,
    ipv6: flag,
    preStopSeconds: count(0, 300),
    extraEnv: objects,
    extraVolumes: objects,
    extraVolumeMounts: objects,
    pod,
    topologySpread: Type.Enum(['ScheduleAnyway', 'DoNotSchedule']),
    serviceAccount: values({ name: text, annotations: texts }),
    migrations: values({ job: flag, timeoutSeconds: count(30, 86_400) }),
    services: values(Object.fromEntries(serviceNames.map((name) => [name, service(name)]))),
    embedded: values({
      enabled: flag,
      config: settings(everywhere),
      size: text,
      storageClass: text,
      existingClaim: text,
      resources,
    }),
    ...media,
    ...edge,
  })
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'Values of the Parley chart', ...schema }
}
