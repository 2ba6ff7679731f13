import Type from 'typebox'
import { serverPattern } from './servers.ts'

const secret = (description: string) =>
  Type.Optional(Type.String({ minLength: 16, maxLength: 256, secret: true, description }))

/** Where the Janus are, and what they share with the media service. */
export const janusConfig = {
  JANUS_SERVERS: Type.Array(Type.String({ pattern: serverPattern }), {
    default: [],
    description:
      'Janus servers: name=WebSocket API|admin API, e.g. janus-1=ws://10.0.0.5:8188|http://10.0.0.5:7088/admin; for a Janus of another machine |http://10.0.0.5:9100/metrics may follow, where its CPU is read from',
  }),
  JANUS_ADMIN_SECRET: secret('admin_secret of every Janus'),
  JANUS_ADMIN_KEY: secret('admin_key of the VideoRoom of every Janus: whoever has it may make rooms'),
  JANUS_TOKEN_SECRET: secret('token_auth_secret of every Janus: what tokens of clients are signed with'),
  JANUS_DRAINING: Type.Array(Type.String({ pattern: '^[\\w-]{1,40}$' }), {
    default: [],
    description: 'names of Janus that get no new rooms and whose rooms move to the others',
  }),
}
