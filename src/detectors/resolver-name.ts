/** First labels of resolvers: `dns2.example.net`, `doh-eu.example.net`. */
const labels = /^(?:doh|dot|doq|odoh|dns|dnscrypt|resolver)\d*(?:-|$)/
/** Registrable names of those who run them: `cloudflare-dns.com`, `nextdns.io`. */
const makers = /^(?:dns|doh)-|(?:dns|-doh)$/

/** What all of them have somewhere: most names end here. */
const hint = /d(?:ns|o[htq])|resolver/

/** Whether a host of this name (lower case) is called as resolvers are; a hint and no more. */
export function isResolverName(name: string, domain: string | undefined): boolean {
  if (!hint.test(name)) return false
  const registered = domain ?? name
  const own = registered.slice(0, registered.indexOf('.'))
  if (makers.test(own)) return true
  if (name.length <= registered.length) return false
  const below = name.slice(0, name.length - registered.length - 1)
  return below.split('.').some(label => labels.test(label))
}
