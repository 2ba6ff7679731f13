import { Check, Link2 } from 'lucide-preact'
import { useEffect, useState } from 'preact/hooks'
import { Button, IconButton } from './button.tsx'
import { toast } from './toast.tsx'
import { report } from '../report.ts'

/** Puts text on the clipboard; says so, or that it did not work. */
export async function copyText(text: string, done: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    toast(done)
    return true
  } catch (error) {
    report('The clipboard could not be written', error)
    toast(`The browser did not allow copying. Copy it by hand: ${text}`, 'problem')
    return false
  }
}

const tickMs = 2000

function useCopy(text: string) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), tickMs)
    return () => clearTimeout(timer)
  }, [copied])
  return { copied, copy: () => void copyText(text, 'Meeting link copied').then(setCopied) }
}

export function CopyLinkButton({
  link,
  label = 'Copy link',
  testId = 'copy-link',
}: {
  link: string
  label?: string
  testId?: string
}) {
  const { copied, copy } = useCopy(link)
  return (
    <Button icon={copied ? Check : Link2} testId={testId} onClick={copy}>
      {copied ? 'Copied' : label}
    </Button>
  )
}

export function CopyLinkIcon({ link }: { link: string }) {
  const { copied, copy } = useCopy(link)
  return <IconButton icon={copied ? Check : Link2} label="Copy the meeting link" testId="copy-link" onClick={copy} />
}
