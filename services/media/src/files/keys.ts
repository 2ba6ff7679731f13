export type FileVariant = 'original' | 'preview'
/** `avatar`: what is shown as the original of one; what was uploaded is nobody's to see. */
type Stored = FileVariant | 'avatar'

/** All objects of files are below this. */
export const filesPrefix = 'files/'
export const storedVariants: readonly Stored[] = ['original', 'preview', 'avatar']

/** Where the bytes of a file are: by its id alone, so each key has one owner. */
export const keyOf = (id: string, stored: Stored): string => `${filesPrefix}${id}/${stored}`
