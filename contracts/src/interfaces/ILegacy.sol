// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title The calls that a guard makes of a legacy token
/// @dev Shapes of OpenZeppelin's Pausable, Ownable(2Step) and AccessControlEnumerable, and of two that are
/// refused: PauserRole of OpenZeppelin 2.x and AccessManaged. The guard makes them as raw calls: a token
/// may lack any of them, or answer nonsense.
interface ILegacy {
    function totalSupply() external view returns (uint256);
    function transfer(address to, uint256 value) external returns (bool);
    function transferFrom(address from, address to, uint256 value) external returns (bool);
    function paused() external view returns (bool);
    function pause() external;
    function unpause() external;

    function isPauser(address account) external view returns (bool);
    function authority() external view returns (address);

    function owner() external view returns (address);
    function pendingOwner() external view returns (address);
    function acceptOwnership() external;
    function transferOwnership(address newOwner) external;
    function renounceOwnership() external;

    function hasRole(bytes32 role, address account) external view returns (bool);
    function getRoleAdmin(bytes32 role) external view returns (bytes32);
    function getRoleMemberCount(bytes32 role) external view returns (uint256);
    function getRoleMember(bytes32 role, uint256 index) external view returns (address);
    function grantRole(bytes32 role, address account) external;
    function renounceRole(bytes32 role, address callerConfirmation) external;
}
