import { createParley } from '@parley/client'
import { render } from 'preact'
import { App } from './app.tsx'
import { createPlaceStorage } from './place-storage.ts'
import { createRouter } from './router.ts'
import { createSession } from './session.ts'
import { createTheme } from './ui/theme.tsx'
import './styles/index.css'

const root = document.getElementById('app')
if (root === null) throw new Error('index.html has no #app')
const placeStorage = createPlaceStorage()
const session = createSession((onSignedOut) => createParley({ onSignedOut, placeStorage }))
render(<App services={{ session, router: createRouter(), theme: createTheme() }} />, root)
void session.restore()
