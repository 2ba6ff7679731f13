interface NameProps {
  of: string
  /** Nobody has vouched for the name of a guest: it is marked wherever it stands. */
  guest?: boolean | undefined
}

/** A name given by a person: isolated, so that its direction turns nothing else round. */
export const Name = ({ of, guest = false }: NameProps) => (
  <>
    <bdi>{of}</bdi>
    {guest && (
      <small class="guest-mark" data-testid="guest-mark">
        Guest
      </small>
    )}
  </>
)
