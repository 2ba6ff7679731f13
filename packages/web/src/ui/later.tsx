import type { ComponentType, FunctionComponent } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { report } from '../report.ts'
import { Button } from './button.tsx'
import { Page } from './page.tsx'
import { Spinner } from './spinner.tsx'

/** A screen whose code comes when it is first shown. `begin` asks for the code before that. */
type LaterScreen<P> = FunctionComponent<P> & { begin: () => void }

/**
 * Makes the first load small. If the code cannot be loaded, the network is away, or a newer page has replaced this one. To load the page
 * again mends both.
 */
export function later<P extends object>(load: () => Promise<ComponentType<P>>): LaterScreen<P> {
  let loaded: ComponentType<P> | null = null
  let loading: Promise<ComponentType<P>> | null = null
  const begin = (): Promise<ComponentType<P>> =>
    (loading ??= load().then(
      (component) => (loaded = component),
      (error: unknown) => {
        loading = null
        throw error
      },
    ))
  const Later = (props: P) => {
    const [Screen, setScreen] = useState<ComponentType<P> | null>(() => loaded)
    const [failed, setFailed] = useState(false)
    useEffect(() => {
      if (Screen !== null) return
      begin().then(
        (component) => setScreen(() => component),
        (error: unknown) => {
          report('The code of a screen could not be loaded', error)
          setFailed(true)
        },
      )
    }, [Screen])
    if (Screen !== null) return <Screen {...props} />
    return failed ? <NotLoaded /> : <Loading />
  }
  return Object.assign(Later, {
    // A failure is for the screen to tell, when it is shown.
    begin: () => void begin().catch(() => {}),
  })
}

const Loading = () => (
  <main class="center-screen">
    <Spinner label="Loading" large />
  </main>
)

const NotLoaded = () => (
  <Page>
    <section class="card notice-card">
      <h1>This page could not be loaded</h1>
      <p class="muted">Check your connection, then try again.</p>
      <Button kind="primary" onClick={() => location.reload()}>
        Try again
      </Button>
    </section>
  </Page>
)
