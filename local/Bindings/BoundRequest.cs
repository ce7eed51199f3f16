using System.Buffers;
using System.Net;

namespace DaprShop.Local.Bindings;

/// <summary>
/// A request of <c>bindings.http</c>, which redirections change as they do in Go (<c>net/http.Client</c>): anything but HEAD becomes a GET
/// without body, unless the status is 307 or 308, and another host hears no credentials.
/// </summary>
internal sealed class BoundRequest(string verb, Uri address, ReadOnlyMemory<byte>? body, HeaderList headers)
{
    private static readonly string[] s_credentials = ["Authorization", "Www-Authenticate", "Cookie", "Cookie2"];

    private readonly string _host = address.Host;
    private string _verb = verb;
    private ReadOnlyMemory<byte>? _body = body;

    public Uri Address { get; private set; } = address;

    /// <exception cref="BindingFailure">A header cannot be sent.</exception>
    public HttpRequestMessage ToMessage()
    {
        var message = new HttpRequestMessage(new HttpMethod(_verb), Address);
        if (_body is { } data) message.Content = new ReadOnlyMemoryContent(data);
        foreach (var (name, value) in headers)
        {
            if (!HeaderList.IsName(name)) throw new BindingFailure(Failure($"net/http: invalid header field name \"{name}\""));
            if (!HeaderList.IsValue(value)) throw new BindingFailure(Failure($"net/http: invalid header field value for \"{name}\""));
            if (!message.Headers.TryAddWithoutValidation(name, value))
                (message.Content ??= new ReadOnlyMemoryContent(default)).Headers.TryAddWithoutValidation(name, value);
        }
        return message;
    }

    /// <summary>True when the answer sends it elsewhere; then it is to be sent again.</summary>
    public bool Follow(HttpResponseMessage response)
    {
        var keepsBody = response.StatusCode is HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;
        if (!keepsBody && response.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther))
            return false;
        if (response.Headers.Location is not { } location) return false;
        Address = new Uri(Address, location);
        if (!keepsBody) (_verb, _body) = (_verb == "HEAD" ? "HEAD" : "GET", null);
        if (Address.Host != _host && !Address.Host.EndsWith("." + _host, StringComparison.Ordinal))
            foreach (var name in s_credentials) headers.Remove(name);
        return true;
    }

    /// <summary>As Go tells of requests that fail.</summary>
    public string Failure(string reason) => $"{_verb[0]}{_verb[1..].ToLowerInvariant()} \"{Address.AbsoluteUri}\": {reason}";
}

/// <summary>Headers by their names as Go writes them, but for those that are a connection's own.</summary>
internal sealed class HeaderList() : Dictionary<string, string>(StringComparer.Ordinal)
{
    private static readonly string[] s_own = ["Host", "Content-Length", "Transfer-Encoding", "Trailer"];
    private static readonly SearchValues<char> s_letters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    public void Set(string name, string value)
    {
        var canonical = Canonical(name);
        if (!s_own.Contains(canonical)) this[canonical] = value;
    }

    public static bool IsName(string name) => name.Length > 0 && !name.AsSpan().ContainsAnyExcept(s_letters);

    public static bool IsValue(string value) => !value.Any(letter => letter is < ' ' and not '\t' or '\x7f');

    /// <summary><c>x-own</c> is <c>X-Own</c>.</summary>
    public static string Canonical(string name) => !IsName(name) ? name : string.Create(name.Length, name, static (letters, name) =>
    {
        for (var i = 0; i < letters.Length; i++)
            letters[i] = i == 0 || name[i - 1] == '-' ? char.ToUpperInvariant(name[i]) : char.ToLowerInvariant(name[i]);
    });
}
