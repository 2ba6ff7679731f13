// Whether the part in this container is ready, for HEALTHCHECK; or the one at the URL that is given.
const at = process.argv[2] ?? `http://127.0.0.1:${process.env.PORT ?? '8080'}`
try {
  const answer = await fetch(`${at}/readyz`, {
    signal: AbortSignal.timeout(3000),
  })
  process.stdout.write(await answer.text())
  process.exitCode = answer.ok ? 0 : 1
} catch (error) {
  process.stdout.write(String(error))
  process.exitCode = 1
}
