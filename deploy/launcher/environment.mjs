/** The variables that a user may have set so that packages can be fetched at all. */
const kept =
  /^npm_config_(registry|https?_proxy|proxy|noproxy|cafile|ca|cert|key|strict_ssl|userconfig|globalconfig|cache|\/\/.*|@.*)$/i

/**
 * The environment without what `npm start` adds to it: npm's own settings and the script's description, which other package managers would
 * take for theirs. NODE_ENV is one too: with it they would leave out tools.
 */
export function cleanEnvironment() {
  const entries = Object.entries(process.env).filter(([name, value]) => {
    if (name === 'NODE_ENV' || name === 'INIT_CWD') return false
    return !/^npm_/i.test(name) || (kept.test(name) && value !== '')
  })
  return Object.fromEntries(entries)
}
