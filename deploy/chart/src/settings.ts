import { authService } from '@parley/auth'
import { chatService } from '@parley/chat'
import { gatewayService } from '@parley/gateway'
import { mediaService } from '@parley/media'
import { meetingsService } from '@parley/meetings'
import { signalingService } from '@parley/signaling'

const definitions = [authService, chatService, gatewayService, mediaService, meetingsService, signalingService]

/** The settings that the chart makes itself, from values of other names. */
const ofTheChart = new Set(
  (
    'NODE_ENV HOST PORT LOG_FORMAT PUBLIC_URL TRUST_PROXY ADVERTISE_URL ADVERTISE_HOST PARLEY_COMMIT TURN_URLS ' +
    'JANUS_SERVERS JANUS_RECORDINGS_DIR OBJECTS_DIR S3_ENDPOINT S3_REGION S3_BUCKET S3_ACCESS_KEY'
  ).split(' '),
)
/** Said by a Secret although it is none: it belongs to one. */
const besideSecrets = new Set(['NATS_USER', 'NATS_CA', 'REDIS_CA', 'TURN_USERNAME'])

/** How every part logs in to NATS and Redis, beside their URLs. */
export const loginsOfServers = [
  'NATS_USER',
  'NATS_PASSWORD',
  'NATS_TOKEN',
  'NATS_CREDENTIALS',
  'NATS_NKEY',
  'NATS_CA',
  'REDIS_CA',
]

export interface Setting {
  name: string
  description: string
  secret: boolean
}

/** The settings of each service, by its name, as its config schema says. */
export function settingsOf(service: string): readonly Setting[] {
  const definition = definitions.find(({ name }) => name === service)
  return Object.entries(definition?.config.properties ?? {}).map(([name, field]) => {
    const { description = '', secret = false } = field as { description?: string; secret?: boolean }
    return { name, description, secret: secret || besideSecrets.has(name) }
  })
}

export const serviceNames = definitions.map(({ name }) => name)

/** Those that may stand in `config`: no secret, and nothing that the chart says by another value. */
export const openSettingsOf = (service: string): readonly Setting[] =>
  settingsOf(service).filter(({ name, secret }) => !secret && !ofTheChart.has(name))
