using System.Text.RegularExpressions;

namespace DaprShop.Deployment.Tests;

/// <summary>docker-compose.yml, alone or with one overlay over it.</summary>
/// <param name="Name">The overlay's file, or the base's.</param>
/// <param name="Services">By name.</param>
/// <param name="Configs">The files that containers are given.</param>
public sealed partial record Compose(string Name, IReadOnlyDictionary<string, Yaml> Services, IReadOnlyDictionary<string, Yaml> Configs)
{
    public const string File = "docker-compose.yml";

    public static Compose Base(Tree tree) => Of(File, Yaml.One(tree[File]));

    /// <summary>The base, and the base under each overlay.</summary>
    public static IEnumerable<Compose> All(Tree tree)
    {
        var plain = Yaml.One(tree[File]);
        return [Of(File, plain), .. Overlays(tree).Select(file => Of(file, plain.Under(Yaml.One(tree[file]))))];
    }

    private static IEnumerable<string> Overlays(Tree tree) => tree.Files("deploy/compose", ".yml");

    /// <summary>With what variables default to; <c>${X}</c> without a default stays as it is.</summary>
    public static string Interpolate(string text) => Default().Replace(text, "$1");

    private static Compose Of(string name, Yaml yaml) => new(name, yaml["services"].Pairs, yaml["configs"].Pairs);

    [GeneratedRegex(@"\$\{\w+:?-([^}]*)\}")]
    private static partial Regex Default();
}
