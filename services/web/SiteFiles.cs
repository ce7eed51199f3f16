using System.Security.Cryptography;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;

namespace DaprShop.Web;

/// <summary>
/// The files under wwwroot, served from the assembly. Pages link to them with a version, so browsers may keep them for ever.
/// </summary>
public static class SiteFiles
{
    private const string Prefix = "wwwroot/";

    private static readonly Dictionary<string, SiteFile> s_files = typeof(SiteFiles).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
        .ToDictionary(name => "/" + name[Prefix.Length..].Replace('\\', '/'), Read);

    /// <summary>The path with the content's version.</summary>
    public static string Link(string path) => $"{path}?v={s_files[path].Version}";

    public static void MapSiteFiles(this IEndpointRouteBuilder app)
    {
        foreach (var (path, file) in s_files)
        {
            app.MapGet(path, (HttpContext context) =>
            {
                var isVersioned = context.Request.Query.ContainsKey("v");
                context.Response.Headers.CacheControl = isVersioned ? "public, max-age=31536000, immutable" : "no-cache";
                return TypedResults.Bytes(file.Content, file.ContentType, entityTag: new EntityTagHeaderValue($"\"{file.Version}\""));
            }).ShortCircuit();
        }
    }

    private static SiteFile Read(string resource)
    {
        using var stream = typeof(SiteFiles).Assembly.GetManifestResourceStream(resource)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        new FileExtensionContentTypeProvider().TryGetContentType(resource, out var type);
        return new SiteFile(content, type ?? "application/octet-stream", Convert.ToHexStringLower(SHA256.HashData(content))[..12]);
    }

    private sealed record SiteFile(byte[] Content, string ContentType, string Version);
}
