using Grpc.Core;

namespace DaprShop.Local.Errors;

/// <summary>Parts of the Dapr API that exist but are not served here: refused at once, by name, rather than as an unknown path.</summary>
internal static class UnservedEndpoints
{
    private static readonly string[] s_versions = ["v1.0", "v1.0-alpha1", "v1.0-alpha2", "v1.0-beta1"];

    private static readonly (string Path, string Feature)[] s_features =
    [
        ("workflows/{**rest}", "workflow"),
        ("jobs/{**rest}", "jobs"),
        ("crypto/{**rest}", "cryptography"),
        ("subtlecrypto/{**rest}", "cryptography"),
        ("conversation/{**rest}", "conversation"),
    ];

    public static void MapUnserved(this IEndpointRouteBuilder routes)
    {
        foreach (var (path, feature) in s_features)
            foreach (var version in s_versions)
                routes.Map($"/{version}/{path}", http => Refusal(feature).WriteAsync(http.Response));
    }

    private static DaprError Refusal(string feature) => new(
        StatusCodes.Status501NotImplemented, "ERR_API_UNIMPLEMENTED", StatusCode.Unimplemented,
        $"{feature}: this API is not served by the local runtime; see local/README.md");
}
