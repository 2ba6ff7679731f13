import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { asRead, chart, installTools, lint, render, required, set, tool, type Rendered } from './helm.ts'
import { serviceNames, settingsOf } from './settings.ts'
import { fieldsOf, isWorkload, podOf, type Container, type PodSpec } from './workload.ts'
import { schemaFile, schemaText } from './write.ts'

/** Everything that can be switched on. */
const everything = set(
  'janus.enabled=true,storage.claim=media',
  'turn.coturn.enabled=true,turn.urls={turn:turn.example.com:3478}',
  'ingress.enabled=true,ingress.host=meet.example.com,ingress.tlsSecret=tls',
  'gatewayApi.enabled=true,gatewayApi.parentRefs[0].name=edge',
  'monitoring.podMonitor=true,monitoring.serviceMonitor=true,monitoring.rules=true,monitoring.dashboards=true',
  'monitoring.tokenSecret.name=parley,monitoring.tokenSecret.key=METRICS_TOKEN',
  'networkPolicy.gatewayFrom[0].namespaceSelector.matchLabels.name=ingress',
)
const file = (name: string): string[] => ['-f', join(chart, `values-${name}.yaml`)]
const variants = new Map<string, string[]>([
  ['values.yaml', required],
  ['values-small.yaml', [...required, ...file('small')]],
  ['values-ha.yaml', [...required, ...file('ha')]],
  ['values-embedded.yaml', [...set('publicUrl=https://meet.example.com'), ...file('embedded')]],
  ['everything on', [...required, ...everything]],
  ['everything on, ha', [...required, ...file('ha'), ...everything]],
])
const rendered = new Map<string, Rendered[]>()

beforeAll(async () => {
  await installTools()
  await Promise.all([...variants].map(async ([name, args]) => rendered.set(name, await render(args))))
})

const all = (name: string): Rendered[] => rendered.get(name) ?? []
const of = (objects: readonly Rendered[], kind: string): Rendered[] => objects.filter((object) => object.kind === kind)
const byName = (objects: readonly Rendered[], kind: string, name: string): Rendered => {
  const found = of(objects, kind).find(({ metadata }) => metadata.name === name)
  if (found === undefined) throw new Error(`no ${kind} ${name}`)
  return found
}
/** Pods of ours, with the object that makes them. */
const pods = (name: string): [string, PodSpec][] =>
  all(name)
    .filter(isWorkload)
    .map((object) => [`${object.kind} ${object.metadata.name}`, podOf(object)])
const containers = (name: string): [string, Container][] =>
  pods(name).flatMap(([of, pod]) => pod.containers.map((one): [string, Container] => [`${of}/${one.name}`, one]))
const main = (name: string, kind: string, object: string): Container => {
  const [first] = podOf(byName(all(name), kind, object)).containers
  if (first === undefined) throw new Error(`${object} has no container`)
  return first
}
/** The message when values do not fit. */
const refusal = async (values: string): Promise<string> =>
  await render([...required, ...set(values)]).then(
    () => 'it was rendered',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )

describe.each([...variants])('O5 the chart with %s', (name, args) => {
  it('has no fault that helm lint finds', async () => {
    expect(await lint(args)).toContain('0 chart(s) failed')
  })

  it('renders objects that the schemas of Kubernetes take', async () => {
    expect(all(name).length).toBeGreaterThan(5)
    for (const object of all(name)) {
      const { kind, apiVersion, metadata } = object
      const from = apiVersion.startsWith('monitoring.coreos.com/')
        ? '@kubernetes-models/prometheus-operator'
        : apiVersion.startsWith('gateway.networking.k8s.io/')
          ? '@kubernetes-models/gateway-api'
          : 'kubernetes-models'
      const models = await tool<Record<string, new (object: Rendered) => { validate(): void }>>(
        `${from}/${apiVersion}/index.js`,
      )
      const Model = models[kind]
      if (Model === undefined) throw new Error(`${apiVersion} has no ${kind}`)
      expect(() => new Model(object).validate(), `${kind} ${metadata.name}`).not.toThrow()
    }
  })

  it('has no field in a workload that Kubernetes does not know', async () => {
    const workloads = all(name).filter(isWorkload)
    const read = await asRead(workloads)
    expect(read).toHaveLength(workloads.length)
    for (const [at, workload] of workloads.entries()) {
      const known = new Set(fieldsOf({ ...read[at] }))
      expect(
        fieldsOf(workload).filter((path) => !known.has(path)),
        workload.metadata.name,
      ).toEqual([])
    }
  })

  it('runs nothing as root, and lets nothing be written but volumes', () => {
    for (const [of, pod] of pods(name)) {
      expect(pod.securityContext, of).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      })
      expect(pod.automountServiceAccountToken, of).toBe(false)
    }
    for (const [of, { securityContext, resources }] of containers(name)) {
      expect(securityContext, of).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      expect(Object.keys(resources.requests), of).toEqual(['cpu', 'memory'])
      expect(Object.keys(resources.limits), of).toEqual(['memory'])
    }
  })

  it('says every secret by a reference, and none in a ConfigMap or as a value', () => {
    const secrets = new Set(
      serviceNames.flatMap((service) => settingsOf(service).flatMap((one) => (one.secret ? one.name : []))),
    )
    for (const { data = {} } of of(all(name), 'ConfigMap'))
      expect(Object.keys(data).filter((key) => secrets.has(key))).toEqual([])
    for (const [of, { env = [] }] of containers(name))
      for (const { name: variable, value } of env)
        if (secrets.has(variable)) expect(value, `${of} ${variable}`).toBeUndefined()
  })

  it('has probes that leave time to migrate, and a grace that is longer than the drain', () => {
    for (const object of all(name).filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')) {
      const pod = podOf(object)
      const [container] = pod.containers
      if (container?.args === undefined) continue
      const { startupProbe, livenessProbe, readinessProbe, lifecycle, env = [] } = container
      expect([startupProbe?.httpGet?.path, livenessProbe?.httpGet?.path, readinessProbe?.httpGet?.path]).toEqual([
        '/livez',
        '/livez',
        '/readyz',
      ])
      expect((startupProbe?.periodSeconds ?? 0) * (startupProbe?.failureThreshold ?? 0)).toBeGreaterThan(600)
      const wait = Number(lifecycle?.preStop.exec.command[1])
      const drain = Number(env.find((one) => one.name === 'DRAIN_MS')?.value ?? 25_000) / 1000
      // The end of embedded has four steps, each within the drain.
      const steps = container.args[0] === 'embedded' ? 4 : 1
      expect(pod.terminationGracePeriodSeconds, object.metadata.name).toBeGreaterThanOrEqual(wait + drain * steps + 2)
    }
  })
})

describe.each(['values.yaml', 'values-ha.yaml', 'everything on'])('O5 every part of the chart with %s', (name) => {
  it('has a disruption budget and a network policy of its own', () => {
    const parts = all(name)
      .filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
      .map(({ metadata }) => metadata.name)
    const named = (kind: string): string[] => of(all(name), kind).map(({ metadata }) => metadata.name)
    // coturn is on ports of the node, where policies do not reach, and may be replaced at any time.
    const ours = parts.filter((part) => part !== 'parley-coturn')
    expect(named('PodDisruptionBudget')).toEqual(expect.arrayContaining(ours))
    expect(named('NetworkPolicy')).toEqual(expect.arrayContaining([...ours, 'parley-migrate']))
  })

  it('lets only the gateway be reached from outside, and limits whom each part reaches', () => {
    for (const service of serviceNames) {
      const { spec } = byName(all(name), 'NetworkPolicy', `parley-${service}`)
      expect(spec['policyTypes']).toEqual(['Ingress', 'Egress'])
      const ingress = spec['ingress'] as { from?: unknown }[]
      const anybody = ingress.some(({ from }) => from === undefined)
      expect(anybody, service).toBe(service === 'gateway' && name !== 'everything on')
      const reached = (spec['egress'] as { ports: { port: number }[] }[]).flatMap(({ ports }) =>
        ports.map(({ port }) => port),
      )
      expect(reached.includes(5432), service).toBe(settingsNeedDatabase(service))
      expect(reached.includes(8080), service).toBe(service === 'gateway')
    }
  })
})

const settingsNeedDatabase = (service: string): boolean => ['auth', 'chat', 'media', 'meetings'].includes(service)

describe('O5 what the chart is told', () => {
  it('is checked: names that do not exist and values that do not fit are refused', async () => {
    expect(await refusal('services.chat.replicas=two')).toContain(
      "at '/services/chat/replicas': got string, want integer",
    )
    expect(await refusal('services.chat.replicas=0')).toContain('minimum: got 0, want 1')
    expect(await refusal('services.chat.replica=3')).toContain("additional properties 'replica' not allowed")
    expect(await refusal('ingres.enabled=true')).toContain("additional properties 'ingres' not allowed")
    expect(await refusal('config.RATE_LIMT_UPGRADES=3')).toContain("'RATE_LIMT_UPGRADES' not allowed")
    expect(await refusal('config.PUBLIC_URL=https://other.example.com')).toContain("'PUBLIC_URL' not allowed")
    expect(await refusal('config.SIGNING_SECRET=in-a-config-map')).toContain("'SIGNING_SECRET' not allowed")
    expect(await refusal('services.chat.config.BCRYPT_COST=10')).toContain("'BCRYPT_COST' not allowed")
    expect(await refusal('services.chat.autoscaling.enabled=true,services.chat.autoscaling.maxReplicas=1')).toContain(
      'less than its replicas',
    )
    expect(await refusal('services.chat.config.CHAT_LIMIT_MESSAGES=30,config.OTEL_SERVICE_NAME=x')).toBe(
      'it was rendered',
    )
  })

  it('its schema is what the config schemas of the services say now', async () => {
    expect(await readFile(schemaFile, 'utf8'), 'run node deploy/chart/src/write.ts').toBe(schemaText())
  })

  it('takes a variable from another Secret, for one service or for all', async () => {
    const objects = await render([
      ...required,
      ...set(
        'services.chat.secretRefs.DATABASE_URL.name=chat-db,services.chat.secretRefs.DATABASE_URL.key=url',
        'services.chat.secretRefs.NATS_USER.name=chat-nats,services.chat.secretRefs.NATS_USER.key=user',
        'secretRefs.NATS_CREDENTIALS.name=nats',
      ),
    ])
    const refOf = (kind: string, object: string, container: string, variable: string): unknown =>
      podOf(byName(objects, kind, object))
        .containers.find((one) => one.name === container)
        ?.env?.find((one) => one.name === variable)?.valueFrom?.secretKeyRef
    const own = { name: 'chat-db', key: 'url' }
    expect(refOf('Deployment', 'parley-chat', 'chat', 'DATABASE_URL')).toEqual(own)
    expect(refOf('Job', 'parley-migrate', 'chat', 'DATABASE_URL')).toEqual(own)
    const optional = true
    const userOf = (name: string): unknown => refOf('Deployment', `parley-${name}`, name, 'NATS_USER')
    expect(userOf('chat')).toEqual({ name: 'chat-nats', key: 'user', optional })
    expect(userOf('auth')).toEqual({ name: 'parley', key: 'NATS_USER_AUTH', optional })
    expect(refOf('Deployment', 'parley-auth', 'auth', 'DATABASE_URL')).toEqual({ name: 'parley', key: 'DATABASE_URL' })
    expect(refOf('Deployment', 'parley-auth', 'auth', 'NATS_CREDENTIALS')).toEqual({
      name: 'nats',
      key: 'NATS_CREDENTIALS',
      optional: true,
    })
  })

  it('gives each service every secret that it can read', async () => {
    const fixed = await render([...required, ...everything, ...set('turn.fixedLogin=true')])
    for (const service of serviceNames) {
      const given = new Set(
        [all('everything on'), fixed].flatMap((objects) =>
          podOf(byName(objects, 'Deployment', `parley-${service}`)).containers.flatMap(({ env = [] }) =>
            env.map(({ name }) => name),
          ),
        ),
      )
      const secret = settingsOf(service).flatMap((one) => (one.secret ? one.name : []))
      // Every service has the setting, and only some have a schema.
      const missing = secret.filter(
        (name) => !given.has(name) && (name !== 'DATABASE_URL' || settingsNeedDatabase(service)),
      )
      expect(missing, service).toEqual([])
    }
  })

  it('tells a pod its address without an URL around it, so that IPv6 gets its brackets in the process', () => {
    const { env = [] } = main('values.yaml', 'Deployment', 'parley-chat')
    expect(env.map(({ name }) => name)).toContain('ADVERTISE_HOST')
    expect(env.map(({ name }) => name)).not.toContain('ADVERTISE_URL')
  })

  it('runs an image by its digest, and keeps what is added to every pod', async () => {
    const digest = `sha256:${'a'.repeat(64)}`
    const objects = await render([
      ...required,
      ...set(
        `image.digest=${digest}`,
        'pod.priorityClassName=high,pod.annotations.team=meet',
        'extraEnv[0].name=NODE_EXTRA_CA_CERTS,extraEnv[0].value=/ca/ca.crt',
        'extraVolumes[0].name=ca,extraVolumes[0].configMap.name=ca',
        'extraVolumeMounts[0].name=ca,extraVolumeMounts[0].mountPath=/ca',
      ),
    ])
    for (const service of serviceNames) {
      const deployment = byName(objects, 'Deployment', `parley-${service}`)
      const text = JSON.stringify(deployment)
      expect(text).toContain('"priorityClassName":"high"')
      expect(text).toContain('"team":"meet"')
      expect(text).toContain('{"mountPath":"/ca","name":"ca"}')
      expect(text).toContain('{"name":"NODE_EXTRA_CA_CERTS","value":"/ca/ca.crt"}')
      if (service !== 'media') expect(podOf(deployment).containers[0]?.image).toBe(`parley@${digest}`)
    }
  })

  it('scales signaling by its sockets and the others by CPU, and never below what it starts with', () => {
    for (const { metadata, spec } of of(all('values-ha.yaml'), 'HorizontalPodAutoscaler')) {
      expect(spec['minReplicas']).toBe(3)
      const kinds = (spec['metrics'] as { type: string }[]).map(({ type }) => type)
      expect(kinds).toEqual(metadata.name === 'parley-signaling' ? ['Resource', 'Pods'] : ['Resource'])
    }
  })

  it('brings the alerts and dashboards of deploy/observability along', () => {
    const { spec } = byName(all('everything on'), 'PrometheusRule', 'parley-parley')
    const alerts = (spec['groups'] as { rules: { alert?: string }[] }[]).flatMap(({ rules }) => rules)
    expect(alerts.map(({ alert }) => alert)).toContain('ParleyDependencyDown')
    const boards = of(all('everything on'), 'ConfigMap').filter(
      ({ metadata }) => metadata.labels?.['grafana_dashboard'],
    )
    expect(boards.map(({ metadata }) => metadata.name)).toEqual([
      'parley-dashboard-inside',
      'parley-dashboard-overview',
    ])
  })

  it('keeps sockets and streams open at an ingress, and buffers nothing', () => {
    const { metadata } = byName(all('everything on'), 'Ingress', 'parley-gateway')
    expect(metadata.annotations).toMatchObject({
      'nginx.ingress.kubernetes.io/proxy-read-timeout': '3600',
      'nginx.ingress.kubernetes.io/proxy-buffering': 'off',
    })
  })
})
