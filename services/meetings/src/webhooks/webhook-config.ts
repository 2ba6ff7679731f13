import Type from 'typebox'

/** The settings of webhooks; see docs/spec/webhooks.md. */
export const webhookConfig = {
  WEBHOOK_ALLOW_HTTP: Type.Union([Type.Literal('on'), Type.Literal('off')], {
    default: 'off',
    description: 'on: endpoints may be http:// too, where anybody on the way can read the events',
  }),
  WEBHOOK_ALLOW_HOSTS: Type.Array(Type.String({ pattern: '^[A-Za-z0-9.:\\[\\]-]{1,260}$' }), {
    default: [],
    description:
      'internal hosts that endpoints may be on, `name` or `name:port`; their addresses and ports are not judged',
  }),
  WEBHOOK_PORTS: Type.Array(Type.Integer({ minimum: 1, maximum: 65_535 }), {
    default: [80, 443, 8080, 8443],
    description: 'ports that endpoints on public hosts may have',
  }),
  WEBHOOK_TIMEOUT_MS: Type.Integer({
    default: 10_000,
    minimum: 100,
    maximum: 10_000,
    description: 'how long one attempt may take, from the look-up to the end of the answer',
  }),
  WEBHOOK_RETRY_MS: Type.Integer({
    default: 5_000,
    minimum: 50,
    maximum: 3_600_000,
    description: 'the wait before the second attempt; it doubles with each one, up to an hour',
  }),
  WEBHOOK_HOLD_SECONDS: Type.Integer({
    default: 86_400,
    minimum: 1,
    maximum: 2_592_000,
    description: 'how long an event that fails holds back later events of its meeting',
  }),
  WEBHOOK_GIVE_UP_SECONDS: Type.Integer({
    default: 3 * 86_400,
    minimum: 1,
    maximum: 2_592_000,
    description: 'how long an event is tried',
  }),
  WEBHOOK_DISABLE_SECONDS: Type.Integer({
    default: 5 * 86_400,
    minimum: 1,
    maximum: 7_776_000,
    description: 'after how long without a success a failing endpoint is disabled',
  }),
  WEBHOOK_RETENTION_DAYS: Type.Integer({
    default: 30,
    minimum: 1,
    maximum: 3650,
    description: 'how long deliveries are kept',
  }),
  WEBHOOK_SECRET: Type.Optional(
    Type.String({
      minLength: 32,
      maxLength: 512,
      secret: true,
      description: 'encrypts the secrets of endpoints in the database; without it they are stored as they are',
    }),
  ),
  WEBHOOK_SECRET_PREVIOUS: Type.Optional(
    Type.String({ minLength: 32, maxLength: 512, secret: true, description: 'the former WEBHOOK_SECRET' }),
  ),
}
