using System.Text.RegularExpressions;

namespace DaprShop.Deployment.Tests;

/// <summary>.github: each service is built, tested and published by itself, when something that it is made of changes.</summary>
public static partial class DeliveryRules
{
    private const string Folder = ".github/workflows";
    private const string Service = $"{Folder}/service.yml";

    /// <summary>What all images are made of, beside a service's own folder.</summary>
    private static readonly string[] s_shared =
    [
        "services/common/ShopDefaults.cs", "contracts/dotnet/Events.cs", "services/Dockerfile", "services/Directory.Build.props",
        "Directory.Build.props", "Directory.Packages.props", "global.json", "deploy/healthcheck/Program.cs", ".dockerignore", Service,
    ];

    public static Rule[] All { get; } =
    [
        new("workflows say what workflows may say", Shape),
        new("actions are fixed to a commit, and its version is told", Actions),
        new("jobs have no more rights than they need", Rights),
        new("every service has a workflow of its own, for what it is made of", Callers),
        new("on main everything is tested together", Everything),
        new("every image is scanned, and tells what is in it", Scan),
    ];

    private static void Shape(Tree tree, Faults faults)
    {
        foreach (var (file, workflow) in Workflows(tree)) faults.AddRange(Shapes.Workflow.Faults(workflow, file));
        faults.AddRange(Shapes.Dependabot.Faults(Yaml.One(tree[UpdateRules.Dependabot]), UpdateRules.Dependabot));
        faults.AddRange(tree.Files(".github", ".yaml").Select(file => $"{file}: workflows end in .yml here"));
    }

    private static void Actions(Tree tree, Faults faults)
    {
        foreach (var file in tree.Files(Folder, ".yml"))
            foreach (var uses in Uses().Matches(tree[file]).Select(found => found.Value.Trim()))
                faults.When(!uses.StartsWith("uses: ./") && !Pinned().IsMatch(uses), $"{file}: {uses}");
    }

    private static void Rights(Tree tree, Faults faults)
    {
        foreach (var (file, workflow) in Workflows(tree))
        {
            foreach (var right in Written(workflow)) faults.Add($"{file}: every job may write {right}");
            foreach (var (name, job) in workflow["jobs"].Pairs)
                foreach (var right in Written(job)) faults.When(right != "packages", $"{file}, {name}: may write {right}");
            faults.When(workflow.At("on.pull_request_target").Exists, $"{file}: gives its rights to strangers");
        }
    }

    private static IEnumerable<string> Written(Yaml owner) =>
        owner["permissions"].Pairs.Where(right => right.Value.Text != "read").Select(right => right.Key);

    /// <summary>Services are those of dapr.yaml, and their other implementations.</summary>
    private static void Callers(Tree tree, Faults faults)
    {
        var ids = Facts.Ids(tree);
        var callers = Workflows(tree)
            .Where(found => found.Workflow["jobs"].Pairs.Values.Any(job => job["uses"].Text == $"./{Service}")).ToList();
        var others = tree.Files("services", "/swap.yaml").Select(file => file.Split('/')[1]).ToList();
        faults.Same(Folder, ids.Concat(others).Select(id => $"{Folder}/{id}.yml"), callers.Select(caller => caller.File));
        foreach (var (file, workflow) in callers)
        {
            var id = Path.GetFileNameWithoutExtension(file);
            faults.Is($"{file}, service", id, workflow["jobs"].Pairs.Values.Single().At("with.service").Text);
            faults.Same($"{file}, push", ["main"], workflow.At("on.push.branches").Texts);
            foreach (var on in new[] { "push", "pull_request" })
            {
                var paths = workflow.At($"on.{on}.paths").Texts;
                string[] needed = others.Contains(id)
                    ? [$"services/{id}/package.json", file, Service]
                    : [$"services/{id}/Program.cs", $"tests/{id}/Some.cs", file, .. s_shared];
                foreach (var path in needed)
                    faults.When(!paths.Any(pattern => Covers(pattern, path)), $"{file}, {on}: does not look at {path}");
                foreach (var other in ids.Concat(others).Where(other => other != id))
                    faults.When(paths.Any(pattern => Covers(pattern, $"services/{other}/Program.cs")), $"{file}, {on}: looks at {other}");
            }
        }
    }

    /// <summary>GitHub's filter patterns, as far as they are used: a path, or a folder and <c>/**</c>.</summary>
    private static bool Covers(string pattern, string path) =>
        pattern == path || (pattern.EndsWith("/**") && path.StartsWith(pattern[..^2]));

    private static void Everything(Tree tree, Faults faults)
    {
        var whole = Workflows(tree)
            .Where(found => Steps(found.Workflow).Any(step => step["run"].Text?.Contains(".ci/run") is true)).ToList();
        faults.When(whole.Count != 1, $"{Folder}: .ci/run is run by {whole.Count} workflows");
        foreach (var (file, workflow) in whole)
        {
            faults.Same($"{file}, push", ["main"], workflow.At("on.push.branches").Texts);
            faults.When(workflow.At("on.push.paths").Exists, $"{file}: looks at some paths only");
            faults.When(
                workflow["jobs"].Pairs.Values.Any(job => job["container"].Exists),
                $"{file}: the Docker engine of a job's container has other folders and ports than the job");
        }
    }

    private static void Scan(Tree tree, Faults faults)
    {
        var steps = Steps(Yaml.One(tree[Service])).ToList();
        var scan = steps.FindIndex(step => Runs(step, "aquasecurity/trivy-action") && step.At("with.exit-code").Text == "1");
        var push = steps.FindIndex(step => Runs(step, "docker/build-push-action") && step.At("with.push").Text == "true");
        faults.When(scan < 0 || push < scan, $"{Service}: an image is published that was not scanned");
        faults.When(push < 0 || steps[push].At("with.sbom").Text != "true", $"{Service}: an image does not tell what is in it");
        faults.When(
            push < 0 || steps[push].At("with.provenance").Text != "mode=max", $"{Service}: an image does not tell where it is from");
    }

    private static bool Runs(Yaml step, string action) => step["uses"].Text?.StartsWith(action + "@") is true;

    private static IEnumerable<(string File, Yaml Workflow)> Workflows(Tree tree) =>
        tree.Files(Folder, ".yml").Select(file => (file, Yaml.One(tree[file])));

    private static IEnumerable<Yaml> Steps(Yaml workflow) => workflow["jobs"].Pairs.Values.SelectMany(job => job["steps"].Items);

    [GeneratedRegex(@"uses:.*$", RegexOptions.Multiline)]
    private static partial Regex Uses();

    [GeneratedRegex(@"^uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")]
    private static partial Regex Pinned();
}
