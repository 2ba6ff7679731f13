/** Emoji are often sent without the selector that asks for their coloured form. */
const oneEmoji = /^(?:\p{RGI_Emoji}|\p{ExtPict}\p{EMod}?\uFE0F?(?:\u200D\p{ExtPict}\p{EMod}?\uFE0F?){0,8})$/v

/** Whether a text is one emoji (UTS #51). */
export const isReaction = (text: string): boolean => oneEmoji.test(text)
