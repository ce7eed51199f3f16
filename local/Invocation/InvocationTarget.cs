using System.Buffers;

namespace DaprShop.Local.Invocation;

/// <summary>Who is called, and with which path and query.</summary>
internal readonly record struct InvocationTarget
{
    private const string Prefix = "/v1.0/invoke/";
    private const string MethodPart = "/method";

    /// <summary>What <see cref="Uri"/> leaves as it is, dots aside.</summary>
    private static readonly SearchValues<char> s_plain =
        SearchValues.Create("/ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@");

    private InvocationTarget(string appId, ReadOnlySpan<char> target) => (AppId, PathAndQuery) = (appId, Clean(target));

    /// <summary>The app.</summary>
    public string AppId { get; }

    /// <summary>E.g. <c>/orders/a%20b?page=2</c>; the path is clean (<see cref="Clean"/>).</summary>
    public string PathAndQuery { get; }

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
        return rest is ['/', ..] ? new InvocationTarget(AppIdOf(id[..slash]), rest) : null;
    }

    /// <summary>Of a request with the header <c>dapr-app-id</c>: its path is the app's.</summary>
    public static InvocationTarget FromHeader(string appId, string rawTarget) => new(AppIdOf(appId), rawTarget);

    /// <summary>Of <c>InvokeService</c>.</summary>
    /// <param name="appId">The app.</param>
    /// <param name="method">A path; to an app that speaks gRPC a name, in which nothing is escaped.</param>
    /// <param name="query">Without its question mark.</param>
    /// <param name="isName">The app speaks gRPC.</param>
    public static InvocationTarget FromMethod(string appId, string method, string query, bool isName)
    {
        var path = "/" + (isName ? method.Replace("%", "%25", StringComparison.Ordinal) : method);
        return new InvocationTarget(appId, query.Length == 0 ? path : $"{path}?{query}");
    }

    /// <summary>An app may be called with its namespace, <c>orders.default</c>; here there is one namespace.</summary>
    private static string AppIdOf(ReadOnlySpan<char> id)
    {
        var name = Uri.UnescapeDataString(id);
        var dot = name.IndexOf('.');
        return dot < 0 || name.AsSpan(dot + 1).Contains('.') ? name : name[..dot];
    }

    /// <summary>
    /// One spelling for each path, so that what is asked about it is asked of what the app hears: as in daprd, slashes are single and
    /// not escaped, none is at the end, and dot segments are gone.
    /// </summary>
    private static string Clean(ReadOnlySpan<char> target)
    {
        var query = target.IndexOf('?');
        var path = query < 0 ? target : target[..query];
        if (IsClean(path)) return target.ToString();
        var clean = path.ToString().Replace("%2F", "/", StringComparison.OrdinalIgnoreCase)
            .Replace("\\", "%5C", StringComparison.Ordinal).Replace("#", "%23", StringComparison.Ordinal);
        for (var before = ""; clean != before;)
        {
            before = clean;
            clean = CleanOnce(before);
        }
        return string.Concat(clean, query < 0 ? "" : target[query..]);
    }

    /// <summary><see cref="Uri"/> leaves some escapes to a second reading. Without a query, it drops white space at the end.</summary>
    private static string CleanOnce(string path) => "/" + new Uri(
        $"http://app/{string.Join('/', path.Split('/', StringSplitOptions.RemoveEmptyEntries))}?").AbsolutePath.Trim('/');

    private static bool IsClean(ReadOnlySpan<char> path) =>
        path is ['/', .., not '/'] && !path.ContainsAnyExcept(s_plain) && !path.Contains("//", StringComparison.Ordinal)
        && !path.Contains("/.", StringComparison.Ordinal);
}
