import { afterEach, expect, it, vi } from 'vitest'
import { cleanEnvironment } from './environment.mjs'

afterEach(() => vi.unstubAllEnvs())

it('takes out what npm says about itself, and keeps what somebody needs to reach packages', () => {
  for (const [name, value] of Object.entries({
    npm_config_user_agent: 'npm/11',
    npm_config_local_prefix: '/somewhere',
    npm_lifecycle_event: 'start',
    npm_config_noproxy: '',
    npm_config_https_proxy: 'http://proxy.example.org:3128',
    NPM_CONFIG_CAFILE: '/ca.pem',
    NODE_ENV: 'production',
    INIT_CWD: '/home',
    DATABASE_URL: 'postgres://db',
  }))
    vi.stubEnv(name, value)
  const env = cleanEnvironment()
  for (const name of [
    'npm_config_user_agent',
    'npm_config_local_prefix',
    'npm_lifecycle_event',
    'npm_config_noproxy',
    'NODE_ENV',
    'INIT_CWD',
  ])
    expect(env).not.toHaveProperty(name)
  expect(env).toMatchObject({
    npm_config_https_proxy: 'http://proxy.example.org:3128',
    NPM_CONFIG_CAFILE: '/ca.pem',
    DATABASE_URL: 'postgres://db',
  })
})
