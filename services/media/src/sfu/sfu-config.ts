import Type from 'typebox'

/** How meetings use the SFU. */
export const sfuConfig = {
  PUBLIC_URL: Type.Optional(
    Type.String({
      pattern: '^https?://[^/?#@\\s]+$',
      description: 'where clients reach the gateway; without it, as the request came in',
    }),
  ),
  SFU_TOKEN_SECONDS: Type.Integer({
    default: 600,
    minimum: 20,
    maximum: 86_400,
    description: 'life of the tokens for Janus; clients in a room get new ones when 80 % of it are over',
  }),
  SFU_BITRATE_KBPS: Type.Integer({
    default: 2_000,
    minimum: 64,
    maximum: 100_000,
    description: 'most that one publisher may send, kbit/s',
  }),
  SFU_MEETING_KBPS: Type.Integer({
    default: 30_000,
    minimum: 64,
    maximum: 10_000_000,
    description: 'most video that all publishers of a meeting may send together, kbit/s; they share it evenly',
  }),
  SFU_MAX_PUBLISHERS: Type.Integer({
    default: 50,
    minimum: 2,
    maximum: 1_000,
    description: 'people of one meeting who may publish at one time',
  }),
}
