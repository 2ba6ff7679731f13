import type { Rendered } from './helm.ts'

export interface Container {
  name: string
  image: string
  args?: string[]
  env?: {
    name: string
    value?: string
    valueFrom?: { secretKeyRef?: { name: string; key: string; optional?: boolean } }
  }[]
  startupProbe?: Probe
  livenessProbe?: Probe
  readinessProbe?: Probe
  lifecycle?: { preStop: { exec: { command: string[] } } }
  resources: { requests: Record<string, string>; limits: Record<string, string> }
  securityContext: {
    allowPrivilegeEscalation: boolean
    readOnlyRootFilesystem: boolean
    capabilities: { drop: string[] }
  }
}
interface Probe {
  httpGet?: { path: string }
  periodSeconds: number
  failureThreshold?: number
}
export interface PodSpec {
  automountServiceAccountToken: boolean
  serviceAccountName?: string
  terminationGracePeriodSeconds?: number
  securityContext: { runAsNonRoot: boolean; runAsUser: number; seccompProfile: { type: string } }
  containers: Container[]
}

const holders = new Set(['Deployment', 'StatefulSet', 'Job', 'Pod'])
export const isWorkload = ({ kind }: Rendered): boolean => holders.has(kind)

/** The pod that an object of these kinds makes. */
export function podOf(object: Rendered): PodSpec {
  if (object.kind === 'Pod') return object.spec as unknown as PodSpec
  return (object.spec['template'] as { spec: PodSpec }).spec
}

/** Names of fields, as paths, that say something. */
export function fieldsOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item, at) => fieldsOf(item, `${path}[${at}]`))
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, inner]) => fieldsOf(inner, `${path}.${key}`))
  return value === undefined || value === null || value === '' || value === false || value === 0 ? [] : [path]
}
