import { busGrants } from '@parley/contracts'
import { clocksOf, defaultNamespace, inboxOf } from './namespace.ts'
import { wildSubject } from './params.ts'

interface Options {
  /** As NAMESPACE of the services. */
  namespace?: string
  /** The placeholder for the password of a user: a quoted text, or a variable such as `$CHAT_PASSWORD`. */
  passwordOf: (user: string) => string
  /** Users with all of the namespace, besides those of the services. */
  all?: readonly string[]
}

/** How long after a request its answer is let through: longer than any caller waits. */
const answerWithin = '10s'

/**
 * The part of a NATS server's settings that names a user for each service, with the least that it needs. Answers come to an inbox
 * that is the service's own, so that nobody subscribes what another is told.
 */
export function natsUsers({ namespace = defaultNamespace, passwordOf, all = [] }: Options): string {
  const services = Object.entries(busGrants).map(([service, { requests, responds, publishes, subscribes }]) => {
    const own = ({ subject }: { subject: string }): string => `${namespace}.${wildSubject(subject)}`
    const publish = [...requests, ...publishes].map(own)
    const subscribe = [...responds, ...subscribes].map(own)
    return userOf(service, passwordOf(service), {
      publish: [...publish, `${namespace}.${clocksOf('*')}`],
      subscribe: [...subscribe, `${namespace}.${clocksOf(service)}`, `${inboxOf(namespace, service)}.>`],
    })
  })
  const others = all.map((user) =>
    userOf(user, passwordOf(user), { publish: [`${namespace}.>`], subscribe: [`${namespace}.>`] }),
  )
  return `authorization {\n  users: [\n${[...services, ...others].join('')}  ]\n}\n`
}

function userOf(user: string, password: string, may: { publish: string[]; subscribe: string[] }): string {
  const list = (subjects: readonly string[]): string =>
    [...new Set(subjects)]
      .sort()
      .map((subject) => `            "${subject}"\n`)
      .join('')
  return `    {
      user: "${user}"
      password: ${password}
      permissions {
        publish {
          allow: [
${list(may.publish)}          ]
        }
        subscribe {
          allow: [
${list(may.subscribe)}          ]
        }
        # The answer to a request that it got, and nothing else there.
        allow_responses { max: 1, expires: "${answerWithin}" }
      }
    }
`
}
