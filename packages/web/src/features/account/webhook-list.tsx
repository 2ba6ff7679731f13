import type { NewWebhook, Webhook } from '@parley/contracts'
import { useState } from 'preact/hooks'
import { faultOf } from '../../lib/explain.ts'
import { useServices } from '../../services.ts'
import { attempt } from '../../ui/attempt.ts'
import { Button } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'
import { Notice, ProblemNotice } from '../../ui/notice.tsx'
import { Spinner } from '../../ui/spinner.tsx'
import { toast } from '../../ui/toast.tsx'
import { useLoaded } from '../../ui/use-loaded.ts'
import { useTask } from '../../ui/use-task.ts'

/** The addresses that the events of this account are sent to. */
export function WebhookList() {
  const { session } = useServices()
  const { rest } = session.parley
  const { value, problem, reload } = useLoaded(() => rest.listWebhooks(), [])
  const [url, setUrl] = useState('')
  const [made, setMade] = useState<NewWebhook | null>(null)
  const add = useTask(async () => {
    setMade(await rest.createWebhook({ body: { url: url.trim() } }))
    setUrl('')
    reload()
  })
  if (value === null)
    return problem === null ? <Spinner label="Loading webhooks" /> : <ProblemNotice problem={problem} />
  return (
    <>
      <p>Your events, such as a meeting that ends, are sent to these addresses and signed with a secret of yours.</p>
      {value.items.length > 0 && (
        <ul class="session-list">
          {value.items.map((item) => (
            <WebhookRow key={item.id} webhook={item} onChange={reload} />
          ))}
        </ul>
      )}
      {made !== null && (
        <Notice kind="info" title="The secret of the new webhook">
          Keep it now, it is not shown again:{' '}
          <code class="secret" data-testid="webhook-secret">
            {made.secret}
          </code>
        </Notice>
      )}
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault()
          add.start()
        }}
      >
        <ProblemNotice problem={add.problem} />
        <Field
          label="Address"
          type="text"
          value={url}
          onInput={setUrl}
          testId="webhook-url"
          hint="A public https address that takes POST"
          error={faultOf(add.problem, 'url')}
          input={{ required: true, inputMode: 'url', placeholder: 'https://example.org/events', maxLength: 2048 }}
        />
        <div class="form__actions">
          <Button type="submit" kind="primary" busy={add.busy} testId="webhook-add">
            Add webhook
          </Button>
        </div>
      </form>
    </>
  )
}

function WebhookRow({ webhook, onChange }: { webhook: Webhook; onChange: () => void }) {
  const { session } = useServices()
  const { rest } = session.parley
  const params = { id: webhook.id }
  const isOn = webhook.status === 'enabled'
  const act = (work: Promise<unknown>, said: string) => attempt(work.then(() => toast(said)).then(onChange))
  return (
    <li class="session session--actions" data-testid="webhook">
      <div class="session__text">
        <strong>{webhook.url}</strong>
        <span class="choice__note">{stateOf(webhook)}</span>
      </div>
      <div class="settings__buttons">
        {isOn ? (
          <Button testId="webhook-test" onClick={() => act(rest.testWebhook({ params }), 'A test event is on its way')}>
            Send a test
          </Button>
        ) : (
          <Button
            testId="webhook-enable"
            onClick={() => act(rest.updateWebhook({ params, body: { enabled: true } }), 'The webhook is on again')}
          >
            Switch on
          </Button>
        )}
        <Button testId="webhook-delete" onClick={() => act(rest.deleteWebhook({ params }), 'The webhook is deleted')}>
          Delete
        </Button>
      </div>
    </li>
  )
}

function stateOf({ status, disabledReason, failingSince }: Webhook): string {
  if (status === 'enabled') return failingSince === undefined ? 'On' : 'On, but the last deliveries failed'
  if (disabledReason === 'failing') return 'Off: no delivery succeeded for days'
  return disabledReason === 'gone' ? 'Off: the address said that it is gone' : 'Off'
}
