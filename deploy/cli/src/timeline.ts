import type { MeetingTimeline } from '@parley/contracts'
import type { Environment } from '@parley/kit'
import { Command } from 'commander'
import { askAdmin, type AdminOptions } from './admin-api.ts'
import { print, table } from './print.ts'

/** `parley meeting timeline`: what happened in one meeting. */
export function meetingCommand(env: Environment): Command {
  const meeting = new Command('meeting').description('one meeting, for operators')
  meeting
    .command('timeline')
    .description('joins, drops, resumes, refusals, moderation, recordings and the end, in their order')
    .argument('<id|code>', 'which meeting')
    .option('--user <text>', 'only lines of this person: an id, or a part of the name')
    .option('--url <url>', 'a gateway as it is reached from inside; default http://localhost:PORT')
    .option('--json', 'for scripts')
    .addHelpText(
      'after',
      `
It asks a gateway from inside, with the ADMIN_TOKEN of this environment. The last column is the request id: the logs of
gateway, signaling and meetings have it in each line (docs/operation/could-not-join.md).

Examples:
  parley meeting timeline abc-defg-hij
  parley meeting timeline abc-defg-hij --user ada --json
  docker compose exec gateway node deploy/docker/entrypoint.mjs parley meeting timeline abc-defg-hij`,
    )
    .action(async (which: string, options: AdminOptions & { user?: string }) => {
      const path = `/meetings/${encodeURIComponent(which)}/timeline`
      const found = await askAdmin<MeetingTimeline>(env, options, { path })
      const entries = found.entries.filter((entry) => isOf(entry, options.user))
      print(options.json, { ...found, entries }, [...headOf(found), ...table(entries.map(lineOf))])
    })
  return meeting
}

type TimelineEntry = MeetingTimeline['entries'][number]

const isOf = ({ userId, name = '' }: TimelineEntry, user: string | undefined): boolean =>
  user === undefined || userId === user || name.toLowerCase().includes(user.toLowerCase())

const headOf = ({ meeting: { code, title, status, id }, cut }: MeetingTimeline): string[] => [
  `${code}  ${title}  ${status}  ${id}`,
  ...(cut ? ['There were more lines; these are the newest.'] : []),
]

const lineOf = ({ at, kind, outcome, name, userId, target, requestId }: TimelineEntry): string[] => [
  at,
  kind,
  outcome,
  name ?? userId ?? '',
  target === undefined ? '' : `to ${target}`,
  requestId ?? '',
]
