import Type, { type Static } from 'typebox'

/** The variables of a service that tells clients how to reach others. Spread them into its schema, beside `commonConfig`. */
export const iceConfig = {
  ICE_SERVER_URLS: Type.Array(Type.String({ pattern: '^(stun|stuns|turn|turns):' }), {
    default: [],
    description: 'servers told to clients that need no credentials, e.g. stun:stun.example.com:3478',
  }),
  TURN_URLS: Type.Array(Type.String({ pattern: '^turns?:' }), {
    default: [],
    description: 'TURN servers, with TURN_SECRET or a fixed login, e.g. turn:turn.example.com:3478',
  }),
  TURN_SECRET: Type.Optional(
    Type.String({
      minLength: 16,
      description: 'the TURN servers’ static-auth-secret, for credentials that run out',
      secret: true,
    }),
  ),
  TURN_USERNAME: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 512,
      description: 'a fixed login of TURN servers that have no secret to share',
    }),
  ),
  TURN_PASSWORD: Type.Optional(
    Type.String({ minLength: 1, maxLength: 512, description: 'the password of TURN_USERNAME', secret: true }),
  ),
  TURN_TTL_SECONDS: Type.Integer({
    default: 3_600,
    minimum: 60,
    maximum: 86_400,
    description: 'life of TURN credentials; they are pushed again at 80 % of it',
  }),
}
const schema = Type.Object(iceConfig)
export type IceConfig = Static<typeof schema>
