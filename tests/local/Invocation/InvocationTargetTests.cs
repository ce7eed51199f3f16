using CsCheck;
using DaprShop.Local.Invocation;

namespace DaprShop.Local.Tests.Invocation;

/// <summary>One spelling for each path: what a list is asked about is what the app hears.</summary>
public sealed class InvocationTargetTests
{
    private static readonly string[] s_parts =
    [
        "/", "/", "..", ".", "%2e", "%2E", "%2F", "%2f", "%5C", "\\", "%25", "%", "2e", "%75", "%23", "#", "%3f", " ", "\t", "%00", "ü",
        "%C3%BC", "%FF", "%E2%80%8E", "\u200e", ":", ";", "*", "@", "a", "shut", "'", "|",
    ];

    [Theory]
    [InlineData("/shut", "/shut")]
    [InlineData("/sh%75t", "/shut")]
    [InlineData("/shut%2F", "/shut")]
    [InlineData("/shut%2f%2F", "/shut")]
    [InlineData("/x/../shut", "/shut")]
    [InlineData("/x/%2e%2E/shut", "/shut")]
    [InlineData("/x%2F..%2Fshut", "/shut")]
    [InlineData("/shut/.", "/shut")]
    [InlineData("/shut/x/..", "/shut")]
    [InlineData("/../../shut", "/shut")]
    [InlineData("/x%2F%2F..%2Fshut", "/shut")]
    [InlineData(@"/x\..\shut", "/x%5C..%5Cshut")]
    [InlineData("/shut%20", "/shut%20")]
    [InlineData("/shut ", "/shut%20")]
    [InlineData("/%252e%252e/shut", "/%252e%252e/shut")]
    [InlineData("/%/%2E%2E/\u00fc/../shut", "/shut")]
    [InlineData("/.well-known/x", "/.well-known/x")]
    [InlineData("/", "/")]
    [InlineData("/%2F", "/")]
    [InlineData("/a/?b=//../%2F", "/a?b=//../%2F")]
    public void Paths_have_one_spelling(string sent, string heard) =>
        Assert.Equal(heard, InvocationTarget.FromPath("/v1.0/invoke/app/method" + sent)!.Value.PathAndQuery);

    [Theory]
    [InlineData("a%20b", false, "/a%20b", "a b")]
    [InlineData("a%20b", true, "/a%2520b", "a%20b")]
    [InlineData("x/../shut/", true, "/shut", "shut")]
    public void A_name_is_not_escaped(string method, bool isName, string path, string heard)
    {
        var target = InvocationTarget.FromMethod("app", method, "q=1", isName);
        Assert.Equal((path + "?q=1", heard), (target.PathAndQuery, target.Method));
    }

    [Fact]
    public void What_is_sent_is_what_was_asked_about() => Gen.OneOf(s_parts).Array[0, 12].Sample(parts =>
    {
        var path = InvocationTarget.FromHeader("app", "/" + string.Concat(parts)).PathAndQuery;
        Assert.Equal(path, InvocationTarget.FromHeader("app", path).PathAndQuery);
        Assert.Equal(path, new Uri("http://127.0.0.1:5000" + path + "?\u00fc=%").AbsolutePath);
        Assert.DoesNotContain("//", path, StringComparison.Ordinal);
        Assert.DoesNotContain("%2F", path, StringComparison.OrdinalIgnoreCase);
        Assert.True(path == "/" || path[^1] != '/');
        Assert.DoesNotContain(Uri.UnescapeDataString(path).Split('/'), part => part is "." or "..");
    });
}
