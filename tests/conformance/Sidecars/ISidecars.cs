namespace DaprShop.Conformance.Tests.Sidecars;

/// <summary>Whoever plays the sidecars: the local runtime in this process, or real daprd.</summary>
public interface ISidecars : IAsyncDisposable
{
    /// <summary>True for real daprd, which judges what the local runtime does.</summary>
    bool AreReal { get; }

    /// <summary>Whether sidecars can know each other by certificates.</summary>
    bool CanCertify { get; }

    /// <summary>Where configuration and locks are, in components; null when there is no such place, and tests of those are skipped.</summary>
    string? RedisHost { get; }

    /// <summary>Starts one sidecar for each app; ends when all of them are healthy.</summary>
    Task StartAsync(IReadOnlyList<TestApp> apps, SidecarFiles files);

    /// <summary>Writes an item of configuration, as an operator would.</summary>
    Task ConfigureAsync(string key, string value);
}

/// <summary>The folder of components and the secrets file that a set of sidecars is started with.</summary>
/// <param name="Folder">Holds <c>resources/</c> and <c>config/{app}.yaml</c>.</param>
/// <param name="DaprApiToken">What apps must send; null for no check.</param>
/// <param name="AreCertified">The sidecars know each other by certificates; actors are nowhere.</param>
public sealed record SidecarFiles(string Folder, string? DaprApiToken, bool AreCertified = false)
{
    public string Resources => Path.Combine(Folder, "resources");

    /// <summary>The app's own Configuration; null when it has none.</summary>
    public string? ConfigurationOf(string appId) =>
        Path.Combine(Folder, "config", appId + ".yaml") is var file && File.Exists(file) ? file : null;
}
