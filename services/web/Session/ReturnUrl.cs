namespace DaprShop.Web.Session;

/// <summary>
/// Where to go after signing in: a path of this shop and nothing else, so that nobody is sent elsewhere by a crafted link.
/// </summary>
public static class ReturnUrl
{
    public static string OrHome(string? url) =>
        url is ['/'] or ['/', not ('/' or '\\'), ..] && !url.Any(char.IsControl) ? url : "/";
}
