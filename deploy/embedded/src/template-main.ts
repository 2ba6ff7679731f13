import { join } from 'node:path'
import { makePgliteTemplate } from '@parley/kit'

// Makes the empty database that a first start copies: initialising one takes 600 MB, which a small container does not have.
await makePgliteTemplate(join(import.meta.dirname, '..', 'template.tar.gz'))
