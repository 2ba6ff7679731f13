import Type from 'typebox'

/** The variables of the sign-in provider: any OpenID Connect issuer. Without OIDC_CLIENT_ID there is none. */
export const oidcConfig = {
  OIDC_ISSUER: Type.String({
    pattern: '^https?://[^\\s?#]+$',
    default: 'https://accounts.google.com',
    description: 'sign-in provider: an OpenID Connect issuer',
  }),
  OIDC_CLIENT_ID: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 512,
      description: 'our name at the provider; without it there is no such sign-in',
    }),
  ),
  OIDC_CLIENT_SECRET: Type.Optional(
    Type.String({ minLength: 1, maxLength: 1024, secret: true, description: 'our password at the provider' }),
  ),
  OIDC_NAME: Type.String({
    default: 'Google',
    minLength: 1,
    maxLength: 40,
    description: 'the provider, on the button',
  }),
  OIDC_REDIRECT_URL: Type.Optional(
    Type.String({
      pattern: '^https?://[^\\s?#]+$',
      description: 'where the provider sends browsers back; default: PUBLIC_URL + /v1/auth/oauth/google/callback',
    }),
  ),
}

export const isLoopback = (url: string): boolean =>
  /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(new URL(url).hostname)
