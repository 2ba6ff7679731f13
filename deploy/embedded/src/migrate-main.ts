import { reportAndEnd, runMigrations, StartupError } from '@parley/kit'
import { definitions } from './embedded.ts'

// migrate [service…]: brings the schemas of these services, or of all, up to date in DATABASE_URL, and ends.
try {
  const names = process.argv.slice(2)
  const durable = definitions.filter(({ database }) => database !== undefined)
  const unknown = names.find((wanted) => !durable.some(({ name }) => name === wanted))
  if (unknown !== undefined)
    throw new StartupError(`${unknown} has no schema; these have: ${durable.map(({ name }) => name).join(', ')}`)
  await runMigrations(
    durable.filter(({ name }) => names.length === 0 || names.includes(name)),
    process.env,
  )
} catch (error) {
  reportAndEnd('Parley', error, process.env)
}
