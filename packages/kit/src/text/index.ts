export { formerAddress, mailboxOf, readAddress, shownAddress } from './address.ts'
export { repairName } from './name.ts'
export { passcodeForm, secretForm } from './secret.ts'
export { quoted, withoutLinks } from './quoted.ts'
