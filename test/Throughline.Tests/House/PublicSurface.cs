using System.Reflection;
using System.Text;

namespace Throughline.Tests.House;

/// <summary>The public types and members of an assembly as text, one line each, so that a change of the seam is seen by a reviewer.</summary>
internal static class PublicSurface
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly NullabilityInfoContext Nullability = new();

    // Members that the compiler makes for every record say nothing about the seam.
    private static readonly string[] OfRecords =
        ["Equals", "GetHashCode", "ToString", "PrintMembers", "Deconstruct", "<Clone>$", "EqualityContract", "op_Equality", "op_Inequality"];

    public static string Of(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(NameOf, StringComparer.Ordinal))
        {
            text.Append(Head(type)).Append('\n');
            foreach (var line in Members(type).Order(StringComparer.Ordinal))
            {
                text.Append("  ").Append(line).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Head(Type type)
    {
        var isRecord = type.GetMethod("PrintMembers", Declared) is not null;
        var kind = type.IsEnum ? "enum" : type.IsInterface ? "interface"
            : type.IsValueType ? (isRecord ? "record struct" : "struct") : isRecord ? "record" : "class";
        var manner = type is { IsAbstract: true, IsSealed: true } ? "static " : type is { IsAbstract: true, IsInterface: false } ? "abstract "
            : type is { IsSealed: true, IsValueType: false } ? "sealed " : "";
        Type?[] bases = [type.BaseType == typeof(object) || type.BaseType == typeof(ValueType) || type.IsEnum ? null : type.BaseType, .. type.GetInterfaces()];
        var above = bases.OfType<Type>().Where(b => !b.Name.StartsWith("IEquatable", StringComparison.Ordinal) && !(type.IsEnum && b.IsInterface))
            .Where(b => type.BaseType is null || !b.IsInterface || !b.IsAssignableFrom(type.BaseType)).Select(NameOf).ToArray();
        return $"{manner}{kind} {NameOf(type)}{(above.Length == 0 ? "" : " : " + string.Join(", ", above))}";
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            return Enum.GetNames(type).Select(name => $"{Convert.ToInt64(Enum.Parse(type, name), System.Globalization.CultureInfo.InvariantCulture)} {name}");
        }

        var isRecord = type.GetMethod("PrintMembers", Declared) is not null;
        var lines = new List<string>();
        foreach (var constructor in type.GetConstructors(Declared).Where(c => IsVisible(c) && !(isRecord && IsCopy(c, type))))
        {
            lines.Add($"new({Parameters(constructor)})");
        }

        foreach (var property in type.GetProperties(Declared).Where(p => p.GetMethod is { } get && IsVisible(get) && !OfRecords.Contains(p.Name)))
        {
            var setter = property.SetMethod is { } set && IsVisible(set)
                ? set.ReturnParameter.GetRequiredCustomModifiers().Any(m => m.Name == "IsExternalInit") ? " init;" : " set;"
                : "";
            var required = property.CustomAttributes.Any(a => a.AttributeType.Name == "RequiredMemberAttribute") ? "required " : "";
            var value = NameOf(property.PropertyType) + Mark(Nullability.Create(property));
            lines.Add($"{Static(property.GetMethod!)}{required}{value} {property.Name} {{ get;{setter} }}");
        }

        foreach (var field in type.GetFields(Declared).Where(f => f.IsPublic || f.IsFamily))
        {
            var manner = field.IsLiteral ? "const " : field.IsStatic ? "static " : "";
            lines.Add($"{manner}{NameOf(field.FieldType)} {field.Name}{(field.IsLiteral ? $" = {field.GetRawConstantValue()}" : "")}");
        }

        foreach (var method in type.GetMethods(Declared).Where(m => IsVisible(m) && !(m.IsSpecialName && !m.Name.StartsWith("op_", StringComparison.Ordinal))))
        {
            if (!isRecord || !OfRecords.Contains(method.Name))
            {
                lines.Add($"{Static(method)}{NameOf(method.ReturnType)}{Mark(Nullability.Create(method.ReturnParameter))} {method.Name}({Parameters(method)})");
            }
        }

        return lines;
    }

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsCopy(ConstructorInfo constructor, Type type) => constructor.GetParameters() is [var one] && one.ParameterType == type;

    private static string Static(MethodBase method) => method.IsStatic ? "static " : "";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(p =>
        $"{NameOf(p.ParameterType)}{Mark(Nullability.Create(p))} {p.Name}{(p.HasDefaultValue ? $" = {p.DefaultValue ?? "null"}" : "")}"));

    private static string Mark(NullabilityInfo info) => info.ReadState == NullabilityState.Nullable && !info.Type.IsValueType ? "?" : "";

    private static string NameOf(Type type)
    {
        if (type.IsGenericParameter)
        {
            return type.Name;
        }

        if (Nullable.GetUnderlyingType(type) is { } inner)
        {
            return NameOf(inner) + "?";
        }

        if (type.IsArray)
        {
            return NameOf(type.GetElementType()!) + "[]";
        }

        var name = (type.DeclaringType is { } outer ? NameOf(outer) + "." : "") + type.Name.Split('`')[0];
        return type.IsGenericType ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>" : name;
    }
}
