namespace DaprShop.Local.Invocation;

/// <summary>Who is called, and with which path and query, exactly as the caller encoded them.</summary>
/// <param name="AppId">The app.</param>
/// <param name="PathAndQuery">E.g. <c>/orders/a%20b?page=2</c>.</param>
internal readonly record struct InvocationTarget(string AppId, string PathAndQuery)
{
    private const string Prefix = "/v1.0/invoke/";
    private const string MethodPart = "/method";

    /// <summary>The path by itself, without its first slash and not escaped.</summary>
    public string Method
    {
        get
        {
            var query = PathAndQuery.IndexOf('?');
            return Uri.UnescapeDataString((query < 0 ? PathAndQuery : PathAndQuery[..query]).TrimStart('/'));
        }
    }

    /// <summary>Of <c>/v1.0/invoke/{app}/method/{path}</c>; null for any other path.</summary>
    public static InvocationTarget? FromPath(string rawTarget)
    {
        if (!rawTarget.StartsWith(Prefix, StringComparison.Ordinal)) return null;
        var id = rawTarget.AsSpan(Prefix.Length);
        var slash = id.IndexOf('/');
        if (slash <= 0 || !id[slash..].StartsWith(MethodPart, StringComparison.Ordinal)) return null;
        var rest = id[(slash + MethodPart.Length)..];
        return rest is ['/', ..] ? new InvocationTarget(AppIdOf(id[..slash]), Decoded(Trim(rest))) : null;
    }

    /// <summary>Of a request with the header <c>dapr-app-id</c>: its path is the app's.</summary>
    public static InvocationTarget FromHeader(string appId, string rawTarget) => new(AppIdOf(appId), Trim(rawTarget));

    /// <summary>An escaped slash arrives as a slash, as daprd has it.</summary>
    private static string Decoded(string target)
    {
        if (!target.Contains("%2F", StringComparison.OrdinalIgnoreCase)) return target;
        var end = target.IndexOf('?') is >= 0 and var query ? query : target.Length;
        return target[..end].Replace("%2F", "/", StringComparison.OrdinalIgnoreCase) + target[end..];
    }

    /// <summary>An app may be called with its namespace, <c>orders.default</c>; here there is one namespace.</summary>
    private static string AppIdOf(ReadOnlySpan<char> id)
    {
        var name = Uri.UnescapeDataString(id);
        var dot = name.IndexOf('.');
        return dot < 0 || name.AsSpan(dot + 1).Contains('.') ? name : name[..dot];
    }

    /// <summary>As daprd does, one slash at the start and none at the end. (<see cref="Uri"/> resolves dot segments.)</summary>
    private static string Trim(ReadOnlySpan<char> target)
    {
        var query = target.IndexOf('?');
        var path = query < 0 ? target : target[..query];
        var trimmed = path.TrimEnd('/');
        if (trimmed.Length == path.Length && path.Length > 0) return target.ToString();
        return string.Concat(trimmed.Length == 0 ? "/" : trimmed, query < 0 ? "" : target[query..]);
    }
}
