using System.Globalization;

namespace DaprShop.Local.State;

/// <summary>The response metadata that says when a value expires.</summary>
internal static class StateTime
{
    public const string Name = "ttlExpireTime";

    /// <summary>RFC 3339, whole seconds.</summary>
    public static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
