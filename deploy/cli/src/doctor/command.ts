import { StartupError, type Environment } from '@parley/kit'
import { Command } from 'commander'
import { createCliLog } from '../database.ts'
import { examine, type Examination } from './doctor.ts'
import { causeOf, type Report } from './finding.ts'

interface Options {
  email?: string
  password?: string
  json?: boolean
}

const lingerMs = 1000

/** `parley doctor`: what is wrong, why it matters, and its mend. */
export const doctorCommand = (env: Environment): Command =>
  new Command('doctor')
    .description('look at a running product, its proxy, servers and settings; each finding with its mend')
    .argument('[url]', 'where people reach it', env['PUBLIC_URL'] || `http://localhost:${env['PORT'] || '8080'}`)
    .option('--email <address>', 'an account to use; otherwise one is made, and removed where DATABASE_URL is set')
    .option('--password <password>', 'its password, or PARLEY_DOCTOR_PASSWORD')
    .option('--json', 'for scripts')
    .addHelpText(
      'after',
      `
Servers are looked at where this environment names them: run it with the environment of the services
(DATABASE_URL, REDIS_URL, NATS_URL, S3_…, SMTP_URL, PUBLIC_URL and the secrets).

Exit codes: 0 all well; 1 there are findings; 2 it could not look.

Examples:
  parley doctor https://meet.example.org
  parley doctor http://localhost:8080 --email ada@example.org --password …
  docker compose exec gateway node deploy/docker/entrypoint.mjs parley doctor https://meet.example.org`,
    )
    .action(async (url: string, options: Options) => {
      if (!/^https?:\/\/[^/]+\/?$/.test(url))
        throw new StartupError(`${url} is no URL such as https://meet.example.org`)
      const password = options.password ?? env['PARLEY_DOCTOR_PASSWORD']
      const login = options.email && password ? { email: options.email, password } : undefined
      try {
        const found = await examine({ url: url.replace(/\/$/, ''), login, env, log: createCliLog() })
        process.stdout.write(options.json === true ? `${JSON.stringify(found, null, 2)}\n` : told(found))
        process.exitCode = found.reports.some(({ state }) => state === 'findings') ? 1 : 0
      } catch (error) {
        process.stderr.write(`parley doctor could not look at ${url}: ${causeOf(error)}\n`)
        process.exitCode = 2
      }
      // A connection that a proxy keeps open does not keep the doctor.
      setTimeout(() => process.exit(), lingerMs).unref()
    })

function told({ reports, leftBehind }: Examination): string {
  const count = reports.flatMap((report) => (report.state === 'findings' ? report.findings : [])).length
  const end = count === 0 ? 'All well.' : count === 1 ? '1 finding.' : `${count} findings.`
  return `${[...reports.flatMap(linesOf), '', end, ...(leftBehind === undefined ? [] : [leftBehind])].join('\n')}\n`
}

function linesOf(report: Report): string[] {
  switch (report.state) {
    case 'well':
      return [`ok       ${report.check}${report.said === undefined ? '' : `: ${report.said}`}`]
    case 'not-set-up':
      return [`-        ${report.check}: ${report.said}`]
    case 'findings':
      return report.findings.flatMap(({ what, why, mend }) => [
        `FINDING  ${report.check}: ${what}`,
        `         why:  ${why}`,
        `         mend: ${mend.replaceAll('\n', '\n               ')}`,
      ])
  }
}
