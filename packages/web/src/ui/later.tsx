import type { ComponentType, FunctionComponent } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { report } from '../report.ts'
import { Button } from './button.tsx'
import { Page } from './page.tsx'
import { Spinner } from './spinner.tsx'

/**
 * A screen whose code loads when it is first shown. So the first load is small. If that fails, the network is
 * away or the page has been replaced by a newer one: to load it again mends both.
 */
export function later<P extends object>(load: () => Promise<ComponentType<P>>): FunctionComponent<P> {
  let loaded: ComponentType<P> | null = null
  return function Later(props: P) {
    const [Screen, setScreen] = useState<ComponentType<P> | null>(() => loaded)
    const [failed, setFailed] = useState(false)
    useEffect(() => {
      if (Screen !== null) return
      load().then(
        (component) => {
          loaded = component
          setScreen(() => component)
        },
        (error: unknown) => {
          report('The code of a screen could not be loaded', error)
          setFailed(true)
        },
      )
    }, [Screen])
    if (Screen !== null) return <Screen {...props} />
    return failed ? <NotLoaded /> : <Loading />
  }
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
