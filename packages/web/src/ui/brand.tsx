/** The mark, drawn as in `public/favicon.svg`. */
export const BrandMark = ({ size = 32 }: { size?: number }) => (
  <svg class="brand-mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="9" class="brand-mark__ground" />
    <path
      class="brand-mark__bubble"
      d="M8 13a4 4 0 0 1 4-4h8a4 4 0 0 1 4 4v4a4 4 0 0 1-4 4h-4.5l-4.7 3.5c-.5.4-1.2 0-1.2-.6V20.6A4 4 0 0 1 8 17z"
    />
    <path class="brand-mark__voice" d="M13 13v4M16 11.800v6.400M19 13.400v3.2" />
  </svg>
)
