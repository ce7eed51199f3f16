using DaprShop.Local.Configuration;
using DaprShop.Local.Resiliency;
using DaprShop.Testing;

namespace DaprShop.Local.Tests.Configuration;

/// <summary>
/// dapr.yaml and the files of components/, strictly: Dapr passes over unknown keys, settings that no component has, and scopes that name
/// nobody, in silence. (Unknown keys and wrong types of values are refused by the readers themselves.)
/// </summary>
public sealed class ShopFilesTests
{
    /// <summary>The settings of each type of component in use, those that must be there first.</summary>
    private static readonly Dictionary<string, (string[] Required, string[] Optional)> s_settings = new(StringComparer.Ordinal)
    {
        ["state.sqlite"] = (["connectionString"], ["actorStateStore", "tableName", "metadataTableName", "cleanupInterval", "busyTimeout", "keyPrefix", "timeout"]),
        ["pubsub.redis"] = (["redisHost"], ["redisPassword", "concurrency", "queueDepth", "consumerID", "processingTimeout", "redeliverInterval", "maxLenApprox"]),
        ["secretstores.local.env"] = ([], ["prefix"]),
    };

    [Fact]
    public void The_shop_s_files_have_no_mistake()
    {
        var runFile = RunFile.Read(Repository.Root);
        var resources = ResourceFiles.Read(
            runFile.Apps.SelectMany(app => app.ResourcesPaths), runFile.Apps.Select(app => app.ConfigFile).OfType<string>());
        Assert.NotEmpty(resources.Components);
        Assert.NotEmpty(ResiliencySpec.Load(resources.Folders));
        Assert.Empty(Mistakes(resources, [.. runFile.Apps.Select(app => app.AppId)]));
    }

    [Theory]
    [InlineData("type: state.sqlite, version: v1", "", "a: connectionString is missing")]
    [InlineData("type: state.sqlite, version: v1, metadata: [{ name: connectionStrin, value: x }]", "", "a: connectionString is missing,a: state.sqlite has no connectionStrin")]
    [InlineData("type: state.sqlight, version: v1", "", "a: state.sqlight is not known here")]
    [InlineData("type: secretstores.local.env, version: v1", "scopes: [baskett]", "a: there is no app baskett")]
    public void Mistakes_are_found(string spec, string scopes, string mistakes)
    {
        var resources = ResourceFiles.Parse($$"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: a }
            spec: { {{spec}} }
            {{scopes}}
            """, "a.yaml");
        Assert.Equal(mistakes, string.Join(',', Mistakes(resources, ["basket"])));
    }

    private static IEnumerable<string> Mistakes(Resources resources, IReadOnlyCollection<string> apps)
    {
        foreach (var component in resources.Components)
        {
            foreach (var app in component.Scopes.Except(apps)) yield return $"{component.Name}: there is no app {app}";
            if (!s_settings.TryGetValue(component.Type, out var settings))
            {
                yield return $"{component.Name}: {component.Type} is not known here";
                continue;
            }
            foreach (var name in settings.Required)
                if (!component.Metadata.ContainsKey(name)) yield return $"{component.Name}: {name} is missing";
            foreach (var name in component.Metadata.Keys.Except([.. settings.Required, .. settings.Optional], StringComparer.OrdinalIgnoreCase))
                yield return $"{component.Name}: {component.Type} has no {name}";
        }
        foreach (var subscription in resources.Subscriptions)
            foreach (var app in subscription.Scopes.Except(apps)) yield return $"{subscription.Name}: there is no app {app}";
    }
}
