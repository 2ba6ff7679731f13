import type { Static, TObject } from 'typebox'
import type { ServiceMigration } from './db/migrate.ts'
import type { Deps, RunningService, ServiceDefinition } from './service.ts'

interface TypedDefinition<Config extends TObject, Tables> {
  name: string
  config: Config
  echo?: false
  database?: { schema: string; migrations: Readonly<Record<string, ServiceMigration>> }
  create(deps: Deps<Static<Config>, Tables>): RunningService | Promise<RunningService>
}

/**
 * A definition whose `create` knows its config and its tables: annotate its parameter as `Deps<Config, Tables>`.
 * Launchers take any service, so there these types end; they give `create` what its own `config` and `database`
 * describe.
 */
export const defineService = <Config extends TObject, Tables>(
  definition: TypedDefinition<Config, Tables>,
): ServiceDefinition => definition as unknown as ServiceDefinition
